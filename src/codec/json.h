#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace owl::codec {

/// A JSON document (RFC 8259) as a value. Object members keep the order in which they were set. Integers up to 64 bits
/// stay exact. Text must be UTF-8; other bytes are written as U+FFFD.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() : value_(nullptr) {}
  Json(std::nullptr_t) : value_(nullptr) {}
  Json(bool value) : value_(value) {}
  Json(double value) : value_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Json(T value) : value_(static_cast<std::int64_t>(value)) {
    if (!std::in_range<std::int64_t>(value)) value_ = static_cast<std::uint64_t>(value);
  }
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  static Json array() { return Json(Array{}); }
  static Json object();
  static Json object(Object members);

  /// Adds or replaces a member, which takes time in proportion to how many there are; makes a null into an object.
  Json& set(std::string_view name, Json value);
  /// Adds an element; makes a null into an array.
  Json& push(Json value);

  bool is_null() const;
  /// A member, or null where there is none or this is no object.
  const Json& operator[](std::string_view name) const;
  const Array* as_array() const;
  const Object* as_object() const;
  const std::string* as_string() const;
  std::string text_or(std::string_view otherwise) const;
  std::int64_t integer_or(std::int64_t otherwise) const;
  /// Any integer from 0 to 2^64 - 1.
  std::uint64_t unsigned_or(std::uint64_t otherwise) const;
  /// Any number, integers too.
  double number_or(double otherwise) const;
  bool bool_or(bool otherwise) const;

  /// One line (indent < 0) or indented for people.
  std::string dump(int indent = -1) const;
  /// Depth is limited to 64. Of members with the same name the last one counts.
  static Result<Json> parse(std::string_view text);

 private:
  Object& own_object();
  void write(std::string& out, int indent, int depth) const;

  // Integers above 2^63 - 1 alone are held as unsigned. Copies share an object until one of them is changed.
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, std::shared_ptr<Object>>
      value_;
};

}  // namespace owl::codec
