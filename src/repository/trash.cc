#include "repository/trash.h"

#include "base/units.h"
#include "crypto/sealed_object.h"
#include "repository/document.h"
#include "repository/sealed_put.h"

namespace owl::repository {
namespace {

constexpr std::uint64_t largest_body = 256 * MiB;

}  // namespace

Bytes serialize(const TrashObject& trash) {
  Bytes body;
  BinaryWriter out(body);
  put_texts(out, trash.keys);
  out.text(trash.host);
  put_timestamp(out, trash.when);
  return make_document(1, body);
}

Result<TrashObject> parse_trash_object(ByteView bytes) {
  return read_document(bytes, largest_body, "a trash object", [](BinaryReader& in) {
    return TrashObject{get_texts(in), in.text(), get_timestamp(in)};
  });
}

std::vector<FoundTrash> list_trash(StoreSet::Member& store, const crypto::HostKeys& keys,
                                   std::vector<Error>& unreadable, std::stop_token stop) {
  std::vector<FoundTrash> found;
  for (const auto& info : storage::list_all(*store.store, "trash/", stop)) {
    const auto id = keys::parse_trash(info.key);
    if (!id) continue;
    const auto sealed = store.store->get(info.key, stop);
    if (!sealed) continue;  // its sweep finished between our two requests: what it named is gone, and so is its index
    try {
      const auto plain = crypto::open_object(keys, crypto::ObjectType::trash, info.key, *sealed);
      found.push_back({*id, value_or_throw(parse_trash_object(plain))});
    } catch (const Error& error) {
      unreadable.push_back(error);
    }
  }
  return found;
}

std::string put_trash(StoreSet::Member& store, const crypto::HostKeys& keys, const TrashObject& trash, Clock& clock,
                      Random& random, std::stop_token stop) {
  const auto key = keys::trash(random.array<16>());
  const auto sealed =
      crypto::seal_object(keys.current(), keys.repository, crypto::ObjectType::trash, key, serialize(trash), random);
  put_fresh(*store.store, clock, key, sealed, std::move(stop));
  return key;
}

}  // namespace owl::repository
