#include "repository/epoch_public.h"

#include <array>

#include "base/check.h"
#include "codec/json.h"

namespace owl::repository {
namespace {

constexpr std::string_view what = "epoch";
constexpr std::array modes{crypto::KeyMode::none, crypto::KeyMode::openpgp, crypto::KeyMode::passphrase};

std::optional<crypto::KeyMode> mode_of(std::string_view text) {
  for (const auto mode : modes) {
    if (to_text(mode) == text) return mode;
  }
  return std::nullopt;
}

Result<EpochPublic> malformed(std::string_view why) {
  return bad_format("the public half of an epoch " + std::string(why));
}

}  // namespace

Bytes serialize(const EpochPublic& object) {
  auto json = codec::Json::object();
  json.set("owlbackup", what);
  json.set("format", 1);
  json.set("epoch", object.epoch);
  json.set("mode", to_text(object.mode));
  json.set("public", to_hex(object.public_key));
  json.set("commitment", to_hex(object.commitment));
  json.set("mac", object.mac ? codec::Json(to_hex(*object.mac)) : codec::Json());
  return to_bytes(as_bytes(json.dump() + "\n"));
}

Result<EpochPublic> parse_epoch_public(ByteView bytes) {
  const auto json = codec::Json::parse(as_text(bytes));
  if (!json) return malformed(json.error().message());
  if ((*json)["owlbackup"].text_or("") != what || (*json)["format"].integer_or(0) != 1) return malformed("is none");
  EpochPublic object;
  const auto epoch = (*json)["epoch"].unsigned_or(0);
  const auto mode = mode_of((*json)["mode"].text_or(""));
  const auto public_key = array_from_hex<32>((*json)["public"].text_or(""));
  const auto commitment = array_from_hex<32>((*json)["commitment"].text_or(""));
  if (epoch < 1 || epoch > 9999 || !mode || !public_key || !commitment) return malformed("lacks a field");
  object = {static_cast<std::uint32_t>(epoch), *mode, *public_key, *commitment, std::nullopt};
  if ((*json)["mac"].is_null()) return object;
  const auto mac = array_from_hex<32>((*json)["mac"].text_or(""));
  if (!mac) return malformed("has a MAC that is none");
  object.mac = *mac;
  return object;
}

EpochPublic first_epoch_public(const crypto::HostKeys& host) {
  const auto* const first = host.find(1);
  OWL_CHECK(first != nullptr, "a new repository begins with epoch 1");
  return {1, host.mode, first->public_key, crypto::derive_metadata_keys(first->m).commitment, std::nullopt};
}

}  // namespace owl::repository
