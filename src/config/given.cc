#include "config/given.h"

#include <fmt/core.h>

#include <algorithm>

namespace owl::config {
namespace {

constexpr std::size_t longest_shown = 100;

std::string_view kind_name(ValueKind kind) {
  switch (kind) {
    case ValueKind::text:
    case ValueKind::loose:
      return "a text";
    case ValueKind::number:
    case ValueKind::real:
      return "a number";
    case ValueKind::flag:
      return "true or false";
    case ValueKind::date:
      return "a date";
    case ValueKind::list:
    case ValueKind::other_list:
      return "a list";
    case ValueKind::section:
      return "a section";
  }
  return "a value";
}

bool is_scalar(ValueKind kind) {
  return kind != ValueKind::list && kind != ValueKind::other_list && kind != ValueKind::section;
}

bool continues_utf8(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

}  // namespace

Error config_error(std::string_view place, std::string_view message) {
  if (place.empty()) return Error(ErrorKind::config, std::string(message));
  return Error(ErrorKind::config, fmt::format("{}: {}", place, message));
}

Error wrong_value(const Given& given, std::string_view complaint) {
  return config_error(given.place, fmt::format("{} {}", given.key, complaint));
}

std::string shown(const Given& given, bool secret) {
  if (!given.reference.empty()) return "the value of " + given.reference;
  if (secret || !is_scalar(given.value.kind)) return std::string(kind_name(given.value.kind));
  return given.value.is_text() ? in_quotes(given.value.text) : given.value.text;
}

std::string in_quotes(std::string_view word) {
  auto shown_size = std::min(word.size(), longest_shown);
  while (shown_size > 0 && shown_size < word.size() && continues_utf8(word[shown_size])) --shown_size;
  std::string out = "\"";
  for (const char c : word.substr(0, shown_size)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + (shown_size < word.size() ? "…\"" : "\"");
}

}  // namespace owl::config
