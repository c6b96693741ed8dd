#include "crypto/key_json.h"
#include "crypto/keys.h"

namespace owl::crypto {
namespace {

constexpr std::string_view format_name = "owlbackup epoch secrets";

codec::Json to_json(const EpochSecrets& secrets) {
  auto object = new_key_object(format_name);
  object.set("repository", to_hex(secrets.repository));
  object.set("epoch", secrets.epoch);
  object.set("x25519_private", hex_of(secrets.x25519_private));
  object.set("m", hex_of(secrets.m));
  object.set("h", hex_of(secrets.h));
  return object;
}

}  // namespace

EpochSecrets generate_epoch(const RepositoryId& repository, std::uint32_t epoch, Random& random) {
  return {repository, epoch, generate_x25519(random).private_key, SecretKey::random(random), SecretKey::random(random)};
}

Bytes serialize(const EpochSecrets& secrets) {
  return finish_key_object(to_json(secrets), -1);
}

Result<EpochSecrets> parse_epoch_secrets(ByteView bytes) {
  const auto json = codec::Json::parse(as_text(bytes));
  if (!json) return bad_format("epoch secrets: " + json.error().message());
  FieldReader fields(*json, "epoch secrets");
  fields.format(format_name);
  EpochSecrets secrets;
  secrets.repository = fields.array<16>("repository");
  secrets.epoch = fields.number("epoch", 1);
  secrets.x25519_private = fields.key("x25519_private");
  secrets.m = fields.key("m");
  secrets.h = fields.key("h");
  if (fields.ok()) fields.check(to_json(secrets));
  if (auto error = fields.error()) return tl::unexpected(std::move(*error));
  return secrets;
}

}  // namespace owl::crypto
