#include "wal/gap_acknowledgement.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/units.h"
#include "crypto/sealed_object.h"
#include "repository/document.h"
#include "repository/object_keys.h"
#include "repository/sealed_put.h"

namespace owl::wal {
namespace {

namespace keys = repository::keys;

constexpr std::uint64_t largest_body = 64 * KiB;

GapAcknowledgement get(BinaryReader& in) {
  GapAcknowledgement out;
  out.system_id = in.u64();
  out.first = in.text();
  out.last = in.text();
  out.reason = in.text();
  out.host = in.text();
  out.when = repository::get_timestamp(in);
  return out;
}

std::string key_of(const GapAcknowledgement& a) {
  return keys::wal_gap(std::to_string(a.system_id), a.first, a.last);
}

}  // namespace

Bytes serialize(const GapAcknowledgement& acknowledgement) {
  Bytes bytes;
  BinaryWriter out(bytes);
  out.u64(acknowledgement.system_id);
  out.text(acknowledgement.first);
  out.text(acknowledgement.last);
  out.text(acknowledgement.reason);
  out.text(acknowledgement.host);
  repository::put_timestamp(out, acknowledgement.when);
  return repository::make_document(1, bytes);
}

Result<GapAcknowledgement> parse_gap_acknowledgement(ByteView bytes) {
  return repository::read_document(bytes, largest_body, "the record of a known WAL gap", get);
}

void acknowledge_gap(repository::StoreSet& stores, const crypto::HostKeys& host_keys,
                     const GapAcknowledgement& acknowledgement, Clock& clock, Random& random, std::stop_token stop) {
  const auto key = key_of(acknowledgement);
  const auto sealed = crypto::seal_object(host_keys.current(), host_keys.repository, crypto::ObjectType::wal_gap, key,
                                          serialize(acknowledgement), random);
  stores.on_each([&](repository::StoreSet::Member& member) {
    // Taken already: then it says the same of the same stretch.
    (void)repository::put_sealed(*member.store, clock, key, sealed, stop);
  });
}

std::vector<GapAcknowledgement> list_acknowledgements(std::vector<repository::StoreSet::Member> members,
                                                      const crypto::HostKeys& host_keys, postgres::SystemId system_id,
                                                      Monitor& monitor, std::stop_token stop) {
  std::map<std::string, GapAcknowledgement> found;  // by key
  for (auto& member : members) {
    for (const auto& object : storage::list_all(*member.store, keys::wal_gaps(std::to_string(system_id)), stop)) {
      if (!keys::parse_wal_gap(object.key) || found.contains(object.key)) continue;
      const auto sealed = member.store->get(object.key, stop);
      if (!sealed) continue;
      try {
        const auto plain = crypto::open_object(host_keys, crypto::ObjectType::wal_gap, object.key, *sealed);
        auto read = value_or_throw(parse_gap_acknowledgement(plain));
        if (key_of(read) == object.key) found.emplace(object.key, std::move(read));
      } catch (const Error& error) {
        monitor.warning(fmt::format("store {}: {}", member.name, error.what()));
      }
    }
  }
  std::vector<GapAcknowledgement> out;
  for (auto& [key, acknowledgement] : found) out.push_back(std::move(acknowledgement));
  return out;
}

std::vector<GapAcknowledgement> covering(const std::vector<GapAcknowledgement>& acknowledgements, const Gap& gap,
                                         std::uint32_t segment_size) {
  std::vector<GapAcknowledgement> out;
  auto next = gap.first;  // they are sorted by their first segments
  for (const auto& one : acknowledgements) {
    const auto first = postgres::parse_segment_name(one.first, segment_size);
    const auto last = postgres::parse_segment_name(one.last, segment_size);
    if (!first || !last || first->timeline != gap.timeline) continue;
    if (first->number > next || last->number < next) continue;
    out.push_back(one);
    next = last->number + 1;
    if (next > gap.last) return out;
  }
  return {};
}

}  // namespace owl::wal
