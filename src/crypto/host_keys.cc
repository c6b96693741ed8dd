#include <array>

#include "base/check.h"
#include "crypto/key_json.h"
#include "crypto/keys.h"

namespace owl::crypto {
namespace {

constexpr std::string_view format_name = "owlbackup host keys";
constexpr std::array<std::string_view, 3> mode_names{"none", "openpgp", "passphrase"};

codec::Json to_json(const HostEpoch& epoch) {
  auto object = codec::Json::object();
  object.set("epoch", epoch.epoch);
  object.set("public_key", to_hex(epoch.public_key));
  object.set("m", hex_of(epoch.m));
  return object;
}

codec::Json to_json(const NamingKeys& keys) {
  auto object = codec::Json::object();
  object.set("gmac", hex_of(keys.gmac));
  object.set("prf", hex_of(keys.prf));
  object.set("hmac", hex_of(keys.hmac));
  return object;
}

codec::Json to_json(const HostKeys& keys) {
  auto object = new_key_object(format_name);
  object.set("repository", to_hex(keys.repository));
  object.set("fingerprint", to_hex(keys.fingerprint));
  object.set("mode", to_text(keys.mode));
  object.set("writer", to_hex(keys.writer));
  auto recipients = codec::Json::array();
  for (const auto& recipient : keys.recipients) recipients.push(recipient);
  object.set("recipients", std::move(recipients));
  auto epochs = codec::Json::array();
  for (const auto& epoch : keys.epochs) epochs.push(to_json(epoch));
  object.set("epochs", std::move(epochs));
  object.set("writer_naming", to_json(keys.writer_naming));
  object.set("wal_naming", to_json(keys.wal_naming));
  return object;
}

std::vector<HostEpoch> read_epochs(FieldReader& fields) {
  std::vector<HostEpoch> epochs;
  fields.objects("epochs", [&](FieldReader& epoch) {
    HostEpoch read{epoch.number("epoch", 1), epoch.array<32>("public_key"), epoch.key("m")};
    if (!epochs.empty() && read.epoch <= epochs.back().epoch) epoch.fail("epoch", "is not greater than the one before");
    epochs.push_back(std::move(read));
  });
  if (epochs.empty()) fields.fail("epochs", "is empty");
  return epochs;
}

NamingKeys read_naming(FieldReader& fields, std::string_view name) {
  NamingKeys keys;
  fields.object(name, [&](FieldReader& inner) { keys = {inner.key("gmac"), inner.key("prf"), inner.key("hmac")}; });
  return keys;
}

}  // namespace

std::string_view to_text(KeyMode mode) {
  const auto number = static_cast<std::size_t>(mode);
  OWL_CHECK(number < mode_names.size(), "a KeyMode without a name");
  return mode_names[number];
}

const HostEpoch* HostKeys::find(std::uint32_t epoch) const {
  const auto at = std::ranges::find(epochs, epoch, &HostEpoch::epoch);
  return at == epochs.end() ? nullptr : &*at;
}

HostKeys make_host_keys(const EpochSecrets& secrets, KeyMode mode, std::vector<std::string> recipients,
                        const Fingerprint& fingerprint, Random& random) {
  HostKeys keys;
  keys.repository = secrets.repository;
  keys.fingerprint = fingerprint;
  keys.mode = mode;
  keys.writer = random.array<sizeof(WriterId)>();
  keys.recipients = std::move(recipients);
  keys.epochs.push_back({secrets.epoch, x25519_public(secrets.x25519_private), secrets.m});
  keys.writer_naming = derive_writer_naming(secrets.h, keys.writer);
  keys.wal_naming = derive_wal_naming(secrets.h);
  return keys;
}

Bytes serialize(const HostKeys& keys) {
  return finish_key_object(to_json(keys), 2);
}

Result<HostKeys> parse_host_keys(ByteView bytes) {
  const auto json = codec::Json::parse(as_text(bytes));
  if (!json) return bad_format("host keys: " + json.error().message());
  FieldReader fields(*json, "host keys");
  fields.format(format_name);
  HostKeys keys;
  keys.repository = fields.array<16>("repository");
  keys.fingerprint = fields.array<32>("fingerprint");
  keys.mode = fields.mode("mode");
  keys.writer = fields.array<8>("writer");
  keys.recipients = fields.texts("recipients");
  keys.epochs = read_epochs(fields);
  keys.writer_naming = read_naming(fields, "writer_naming");
  keys.wal_naming = read_naming(fields, "wal_naming");
  if (fields.ok()) fields.check(to_json(keys));
  if (auto error = fields.error()) return tl::unexpected(std::move(*error));
  return keys;
}

}  // namespace owl::crypto
