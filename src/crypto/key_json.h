#pragma once

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "codec/json.h"
#include "crypto/keys.h"

namespace owl::crypto {

/// Reads the members of one JSON object of a key file, each exactly once and of the right form. Failure is sticky: the
/// first one is kept and names the field; every later read gives nothing. Internal to this module.
class FieldReader {
 public:
  /// `what` starts the messages: "key file". `path` names nested objects: "epochs[0].".
  FieldReader(const codec::Json& object, std::string what, std::string path = "");

  template <std::size_t N>
  ByteArray<N> array(std::string_view name) {
    ByteArray<N> out{};
    read_hex(name, out);
    return out;
  }
  SecretKey key(std::string_view name);
  std::uint32_t number(std::string_view name, std::uint32_t min,
                       std::uint32_t max = std::numeric_limits<std::uint32_t>::max());
  std::string text(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  KeyMode mode(std::string_view name);
  /// Calls `read(FieldReader&)` for a nested object.
  template <std::invocable<FieldReader&> Read>
  void object(std::string_view name, Read read) {
    const codec::Json* const member = find(name);
    if (member != nullptr) nested(*member, path_ + std::string(name), read);
  }
  /// Calls `read(FieldReader&)` for each element of an array of objects.
  template <std::invocable<FieldReader&> Read>
  void objects(std::string_view name, Read read) {
    const codec::Json::Array* const elements = find_array(name);
    for (std::size_t i = 0; elements != nullptr && i < elements->size(); ++i) {
      nested((*elements)[i], path_ + std::string(name) + "[" + std::to_string(i) + "]", read);
    }
  }

  /// The first two members of every key object: what it is, and in which version.
  void format(std::string_view expected);
  /// The last member: the first 8 bytes of SHA-256 of the members before it, as `without_check` has them, in hex. Finds
  /// a digit that a disk or a person who typed it got wrong; it is no protection against anybody.
  void check(const codec::Json& without_check);

  void fail(std::string_view name, std::string_view why);
  bool ok() const { return !error_; }
  /// The first failure; or the first member that nobody asked for: a format that we don't know would be misread.
  std::optional<Error> error() const;

 private:
  const codec::Json* find(std::string_view name);
  const codec::Json::Array* find_array(std::string_view name);
  void read_hex(std::string_view name, MutableBytes out);
  template <typename Read>
  void nested(const codec::Json& object, std::string name, Read read) {
    if (!ok()) return;
    FieldReader reader(object, what_, name + ".");
    if (object.as_object() == nullptr) return fail_at(name, "is no object");
    read(reader);
    error_ = reader.error();
  }
  void fail_at(std::string_view full_name, std::string_view why);

  const codec::Json& object_;
  std::string what_, path_;
  std::vector<std::string> seen_;
  std::optional<Error> error_;
};

/// Sets the members that every key object starts with.
codec::Json new_key_object(std::string_view format);
/// Appends "check" over what is there, and gives the text (see FieldReader::check).
Bytes finish_key_object(codec::Json object, int indent);
std::string hex_of(const SecretKey& key);

}  // namespace owl::crypto
