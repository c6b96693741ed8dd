#include "proof/upkeep_objects.h"

#include "concurrency/task_group.h"
#include "crypto/sealed_object.h"
#include "repository/index.h"
#include "repository/lease.h"
#include "repository/object_keys.h"
#include "repository/trash.h"
#include "wal/gap_acknowledgement.h"

namespace owl::proof {
namespace {

namespace keys = repository::keys;
using crypto::ObjectType;

struct Upkeep {
  std::string key;
  ObjectType type{};
  std::string_view advice;
};

constexpr std::string_view index_advice =
    "No backup is damaged. What it told of is stored again by the next backup. Remove it.";
constexpr std::string_view lease_advice =
    "No backup is damaged, but no sweep goes past it. Remove it once no backup is running.";
constexpr std::string_view trash_advice =
    "No backup is damaged, but while it stands every backup stores everything again.";

constexpr std::string_view gap_advice =
    "No backup is damaged, but a gap in the WAL counts as unknown again. Remove it and acknowledge the gap anew.";

void add_listed(repository::StoreSet::Member& member, const std::string& prefix, std::vector<Upkeep>& out,
                const std::stop_token& stop) {
  for (const auto& info : storage::list_all(*member.store, prefix, stop)) {
    if (keys::parse_index(info.key)) out.push_back({info.key, ObjectType::index, index_advice});
    if (keys::parse_trash(info.key)) out.push_back({info.key, ObjectType::trash, trash_advice});
    if (keys::parse_wal_gap(info.key)) out.push_back({info.key, ObjectType::wal_gap, gap_advice});
    const auto lease = keys::parse_lease(info.key);
    if (lease) out.push_back({info.key, lease->end ? ObjectType::lease_end : ObjectType::lease, lease_advice});
  }
}

void open_and_parse(const crypto::HostKeys& host, const Upkeep& object, ByteView sealed) {
  const auto plain = crypto::open_object(host, object.type, object.key, sealed);
  if (object.type == ObjectType::index) value_or_throw(repository::parse_index_object(plain));
  if (object.type == ObjectType::lease) value_or_throw(repository::parse_lease_body(plain));
  if (object.type == ObjectType::trash) value_or_throw(repository::parse_trash_object(plain));
  if (object.type == ObjectType::wal_gap) value_or_throw(wal::parse_gap_acknowledgement(plain));
}

}  // namespace

void check_upkeep_objects(repository::StoreSet::Member& member, const crypto::HostKeys& host, unsigned workers,
                          Findings& findings, const std::stop_token& stop) {
  std::vector<Upkeep> objects;
  for (const auto* prefix : {"index/", "leases/", "trash/", "wal-gaps/"}) add_listed(member, prefix, objects, stop);
  parallel_for(objects.size(), workers, stop, [&](std::size_t i, const std::stop_token& stopped) {
    const auto& object = objects[i];
    const auto sealed = member.store->get(object.key, stopped);
    if (!sealed) return;
    findings.count([](VerifyResult& result) { ++result.own_objects; });
    findings.guarded({{}, object.key, {}, Concern::upkeep, std::string(object.advice), {}},
                     [&] { open_and_parse(host, object, *sealed); });
  });
}

}  // namespace owl::proof
