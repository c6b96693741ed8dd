#include <fmt/core.h>

#include "base/binary.h"
#include "codec/hash.h"
#include "codec/json.h"
#include "crypto/secret_key.h"
#include "repository/object_keys.h"
#include "repository/repository.h"

namespace owl::repository {
namespace {

constexpr std::uint32_t known_format = 1;
constexpr std::string_view what = "repository";

/// HMAC(mac key of the first epoch, "owl1 owl.json" ‖ id ‖ u32 format)
ByteArray<32> mac_of(const RepositoryObject& object, const crypto::HostEpoch& first) {
  Bytes message;
  BinaryWriter out(message);
  out.raw(as_bytes("owl1 owl.json"));
  out.raw(object.id);
  out.u32(object.format);
  return codec::hmac_sha256(crypto::derive_metadata_keys(first.m).mac.view(), message);
}

Result<RepositoryObject> malformed(std::string_view why) {
  return bad_format(fmt::format("{}: {}", keys::repository_object, why));
}

std::string described(storage::ObjectStore& store) {
  return fmt::format("{} in {}", keys::repository_object, store.description());
}

}  // namespace

Bytes serialize(const RepositoryObject& object, const crypto::HostEpoch& first) {
  auto json = codec::Json::object();
  json.set("owlbackup", what);
  json.set("format", object.format);
  json.set("repository", to_hex(object.id));
  json.set("mac", to_hex(mac_of(object, first)));
  return to_bytes(as_bytes(json.dump() + "\n"));
}

std::optional<Bytes> expected_repository_object(const crypto::HostKeys& host) {
  const auto* const first = host.find(1);
  if (first == nullptr) return std::nullopt;
  return serialize(RepositoryObject{host.repository, known_format, {}}, *first);
}

Result<RepositoryObject> parse_repository_object(ByteView bytes) {
  const auto json = codec::Json::parse(as_text(bytes));
  if (!json) return malformed(json.error().message());
  if ((*json)["owlbackup"].text_or("") != what) return malformed("says nothing of an owlbackup repository");
  const auto format = (*json)["format"].unsigned_or(0);
  if (format != known_format) {
    return tl::unexpected(
        Error(ErrorKind::unsupported, fmt::format("{}: repository format {}", keys::repository_object, format))
            .with_hint("A newer owlbackup made this repository: use that one."));
  }
  const auto id = array_from_hex<16>((*json)["repository"].text_or(""));
  const auto mac = array_from_hex<32>((*json)["mac"].text_or(""));
  if (!id || !mac) return malformed("its id or its MAC is no hexadecimal number of the right length");
  return RepositoryObject{*id, known_format, *mac};
}

std::optional<RepositoryObject> read_repository_object(storage::ObjectStore& store, std::stop_token stop) {
  const auto bytes = store.get(std::string(keys::repository_object), std::move(stop));
  if (!bytes) return std::nullopt;
  return in_context([&] { return described(store); }, [&] { return value_or_throw(parse_repository_object(*bytes)); });
}

void check_repository(storage::ObjectStore& store, const crypto::HostKeys& host, std::stop_token stop) {
  const auto object = read_repository_object(store, std::move(stop));
  if (!object) {
    throw Error(ErrorKind::config, fmt::format("there is no repository in {}", store.description()))
        .with_hint("Make it with `owlbackup init`, or correct the store's url.");
  }
  if (object->id != host.repository) {
    throw Error(ErrorKind::conflict, fmt::format("{} holds another repository ({}) than the key file is for ({})",
                                                 store.description(), to_hex(object->id), to_hex(host.repository)))
        .with_hint("Point the configuration at the right store, or at the right key file.");
  }
  const auto* const first = host.find(1);
  if (first == nullptr)
    return;  // enrolled after a rotation, with newer epochs alone: nothing here to check the MAC with
  if (crypto::same_secret(mac_of(*object, *first), object->mac)) return;
  throw Error(ErrorKind::integrity, fmt::format("{} is damaged or forged: its MAC is wrong", described(store)))
      .with_hint("Nothing was written. Compare the repository's fingerprint with the one in your recovery kit.");
}

}  // namespace owl::repository
