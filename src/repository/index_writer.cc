#include "repository/index_writer.h"

#include <utility>

#include "crypto/sealed_object.h"
#include "repository/sealed_put.h"

namespace owl::repository {
namespace {

constexpr std::size_t most_packs = 256, most_entries = 1 << 17;
constexpr std::chrono::minutes longest_wait{5};

}  // namespace

IndexWriter::IndexWriter(StoreSet& stores, const crypto::HostKeys& keys, std::string owner, Clock& clock,
                         Random& random, std::stop_token stop)
    : stores_(stores),
      keys_(keys),
      owner_(std::move(owner)),
      clock_(clock),
      random_(random),
      stop_(std::move(stop)),
      pending_(Pending{{}, clock.monotonic()}) {}

void IndexWriter::add(const PackRef& pack, const PackDirectory& directory) {
  auto pending = pending_.lock();
  auto& object = pending->object;
  const auto number = static_cast<std::uint32_t>(object.packs.size());
  object.packs.push_back(pack);
  for (std::uint32_t i = 0; i < directory.entries.size(); ++i) {
    object.entries.push_back({directory.entries[i].name, number, i, directory.entries[i].plain_size});
  }
}

bool IndexWriter::is_due(const Pending& pending) const {
  const auto& object = pending.object;
  return object.packs.size() >= most_packs || object.entries.size() >= most_entries ||
         clock_.monotonic() - pending.since >= longest_wait;
}

IndexObject IndexWriter::take(bool only_if_due) {
  auto pending = pending_.lock();
  if (only_if_due && !is_due(*pending)) return {};
  pending->since = clock_.monotonic();
  return std::exchange(pending->object, {});
}

void IndexWriter::write_if_due() {
  put(take(true));
}

void IndexWriter::write() {
  put(take(false));
}

void IndexWriter::put(IndexObject object) {
  if (object.packs.empty()) return;
  object.owner = owner_;
  const auto key = keys::index(keys_.writer, random_.array<16>());
  const auto sealed = crypto::seal_object(keys_.current(), keys_.repository, crypto::ObjectType::index, key,
                                          serialize(std::move(object)), random_);
  stores_.on_each([&](StoreSet::Member& member) { put_fresh(*member.store, clock_, key, sealed, stop_); });
}

}  // namespace owl::repository
