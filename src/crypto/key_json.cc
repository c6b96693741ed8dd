#include "crypto/key_json.h"

#include <fmt/core.h>

#include "codec/hash.h"
#include "crypto/wipe.h"

namespace owl::crypto {
namespace {

constexpr std::uint32_t format_version = 1;

std::string check_of(const codec::Json& object) {
  std::string text = object.dump();
  const WipeAtEnd wipe(text);
  return to_hex(ByteView(codec::sha256(as_bytes(text))).first(8));
}

}  // namespace

FieldReader::FieldReader(const codec::Json& object, std::string what, std::string path)
    : object_(object), what_(std::move(what)), path_(std::move(path)) {
  if (object.as_object() == nullptr && path_.empty())
    error_ = Error(ErrorKind::integrity, what_ + ": is no JSON object");
}

void FieldReader::fail_at(std::string_view full_name, std::string_view why) {
  if (ok()) error_ = Error(ErrorKind::integrity, fmt::format("{}: field \"{}\" {}", what_, full_name, why));
}

void FieldReader::fail(std::string_view name, std::string_view why) {
  fail_at(path_ + std::string(name), why);
}

const codec::Json* FieldReader::find(std::string_view name) {
  if (!ok()) return nullptr;
  seen_.emplace_back(name);
  const codec::Json& member = object_[name];
  if (member.is_null()) fail(name, "is missing");
  return ok() ? &member : nullptr;
}

const codec::Json::Array* FieldReader::find_array(std::string_view name) {
  const codec::Json* const member = find(name);
  if (member == nullptr) return nullptr;
  if (member->as_array() == nullptr) fail(name, "is no list");
  return member->as_array();
}

std::string FieldReader::text(std::string_view name) {
  const codec::Json* const member = find(name);
  if (member == nullptr) return {};
  if (member->as_string() == nullptr) fail(name, "is no text");
  return member->text_or("");
}

std::vector<std::string> FieldReader::texts(std::string_view name) {
  std::vector<std::string> out;
  const codec::Json::Array* const elements = find_array(name);
  if (elements == nullptr) return out;
  for (const auto& element : *elements) {
    if (element.as_string() == nullptr) fail(name, "is no list of texts");
    out.push_back(element.text_or(""));
  }
  return out;
}

KeyMode FieldReader::mode(std::string_view name) {
  const std::string found = text(name);
  for (const auto mode : {KeyMode::none, KeyMode::openpgp, KeyMode::passphrase}) {
    if (to_text(mode) == found) return mode;
  }
  fail(name, "is none of none, openpgp, passphrase");
  return KeyMode::none;
}

void FieldReader::read_hex(std::string_view name, MutableBytes out) {
  std::string digits = text(name);
  const WipeAtEnd wipe_digits(digits);
  if (!ok()) return;
  auto bytes = from_hex(digits);
  if (!bytes) return fail(name, "is " + bytes.error().message());
  const WipeAtEnd wipe(*bytes);
  if (bytes->size() != out.size()) {
    return fail(name, fmt::format("has {} bytes, not {}", bytes->size(), out.size()));
  }
  std::ranges::copy(*bytes, out.begin());
}

SecretKey FieldReader::key(std::string_view name) {
  auto bytes = array<SecretKey::size>(name);
  const WipeAtEnd wipe(bytes);
  return ok() ? SecretKey(bytes) : SecretKey();
}

std::uint32_t FieldReader::number(std::string_view name, std::uint32_t min, std::uint32_t max) {
  const codec::Json* const member = find(name);
  if (member == nullptr) return 0;
  const std::int64_t value = member->integer_or(-1);  // negative numbers mean nothing in any field
  if (value < min || value > max) fail(name, fmt::format("is no whole number from {} to {}", min, max));
  return ok() ? static_cast<std::uint32_t>(value) : 0;
}

void FieldReader::format(std::string_view expected) {
  const std::string found = text("format");
  if (ok() && found != expected) fail("format", fmt::format("says \"{}\", not \"{}\"", found, expected));
  const std::uint32_t version = number("version", 1);
  if (ok() && version != format_version) {
    error_ = Error(ErrorKind::unsupported,
                   fmt::format("{}: field \"version\" is {}; this program knows {}", what_, version, format_version))
                 .with_hint("A newer owlbackup wrote it: use that one.");
  }
}

void FieldReader::check(const codec::Json& without_check) {
  const std::string found = text("check");
  if (ok() && found != check_of(without_check)) fail("check", "does not fit the other fields: one of them was changed");
}

std::optional<Error> FieldReader::error() const {
  if (!ok()) return error_;
  for (const auto& [name, value] : *object_.as_object()) {
    if (std::ranges::find(seen_, name) == seen_.end()) {
      return Error(ErrorKind::integrity, fmt::format("{}: field \"{}{}\" is unknown", what_, path_, name));
    }
  }
  return std::nullopt;
}

codec::Json new_key_object(std::string_view format) {
  auto object = codec::Json::object();
  object.set("format", format);
  object.set("version", format_version);
  return object;
}

Bytes finish_key_object(codec::Json object, int indent) {
  const std::string check = check_of(object);
  object.set("check", check);
  std::string text = object.dump(indent) + "\n";
  const WipeAtEnd wipe(text);
  return to_bytes(as_bytes(text));
}

std::string hex_of(const SecretKey& key) {
  return to_hex(key.view());
}

}  // namespace owl::crypto
