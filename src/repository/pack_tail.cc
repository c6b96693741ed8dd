#include "repository/pack_tail.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/units.h"
#include "crypto/sealed_object.h"

namespace owl::repository {
namespace {

constexpr std::uint64_t first_guess = 64 * KiB;  ///< holds the whole directory of nearly every pack

Error damaged(const std::string& key, std::string_view why) {
  return Error(ErrorKind::integrity, fmt::format("{}: {}", key, why));
}

std::uint64_t directory_size_in(const std::string& key, std::uint64_t pack_size, ByteView tail) {
  if (tail.size() < pack_trailer_size) throw damaged(key, "is cut short");
  const auto size =
      in_context([&] { return key; }, [&] { return value_or_throw(parse_pack_trailer(tail.last(pack_trailer_size))); });
  if (size > UINT32_MAX || size + pack_trailer_size + pack_header_size > pack_size) {
    throw damaged(key, "its trailer tells of a directory that is larger than the pack");
  }
  return size;
}

}  // namespace

PackDirectory open_pack_tail(const crypto::HostKeys& keys, const std::string& key, std::uint64_t pack_size,
                             ByteView tail) {
  const auto size = directory_size_in(key, pack_size, tail);
  if (tail.size() != size + pack_trailer_size) throw damaged(key, "its directory has another size than it should");
  const auto where = [&] { return fmt::format("the directory of {}", key); };
  auto directory = in_context(where, [&] {
    const auto plain = crypto::open_object(keys, crypto::ObjectType::pack_directory, "", tail.first(size));
    return value_or_throw(parse_pack_directory(plain));
  });
  if (directory.offsets().back() + tail.size() != pack_size)
    throw damaged(key, "its directory does not describe this pack");
  return directory;
}

std::optional<PackDirectory> read_unknown_directory(StoreSet::Member& store, const crypto::HostKeys& keys,
                                                    PackRef& pack, const std::stop_token& stop) {
  const auto key = keys::pack(pack);
  auto tail = store.store->get_range(key, {std::nullopt, std::min(first_guess, pack.size)}, stop);
  if (!tail) return std::nullopt;
  const auto size = directory_size_in(key, pack.size, *tail);
  if (tail->size() < size + pack_trailer_size) {
    tail = store.store->get_range(key, {std::nullopt, size + pack_trailer_size}, stop);
    if (!tail) return std::nullopt;
  }
  pack.directory_size = static_cast<std::uint32_t>(size);
  const auto wanted = std::min<std::size_t>(tail->size(), size + pack_trailer_size);
  return open_pack_tail(keys, key, pack.size, ByteView(*tail).last(wanted));
}

}  // namespace owl::repository
