#include "observe/log_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace owl::detail {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_percent_encoded(std::string_view text, char letter) {
  if (text.size() < 3 || text[0] != '%') return false;
  const int high = hex_digit(text[1]), low = hex_digit(text[2]);
  return high >= 0 && low >= 0 && static_cast<char>(high << 4 | low) == letter;
}

bool is_plain(std::string_view text, char letter) {
  return !text.empty() && (text[0] == letter || (text[0] == '+' && letter == ' '));
}

/// How many characters at the front of `text` spell `secret`, each letter of it plain or encoded; nullopt: they don't.
/// Only a secret with a percent sign makes both readings possible: "%25" is itself, or "%" encoded.
std::optional<std::size_t> secret_length(std::string_view text, std::string_view secret) {
  std::size_t length = 0;
  for (; !secret.empty(); secret.remove_prefix(1)) {
    const auto rest = text.substr(length);
    const bool plain = is_plain(rest, secret[0]), encoded = is_percent_encoded(rest, secret[0]);
    if (!plain && !encoded) return std::nullopt;
    if (plain && encoded) {
      if (const auto tail = secret_length(rest.substr(3), secret.substr(1))) return length + 3 + *tail;
    }
    length += plain ? 1 : 3;
  }
  return length;
}

std::size_t longest_secret(std::string_view text, std::span<const Secret> secrets) {
  std::size_t longest = 0;
  for (const auto& secret : secrets) longest = std::max(longest, secret_length(text, secret.reveal()).value_or(0));
  return longest;
}

struct CodePoint {
  std::uint32_t value;
  std::size_t size;  ///< in bytes; 0: not valid UTF-8
};

/// The expected length and the payload bits of a leading byte.
CodePoint leading_byte(unsigned char byte) {
  if (byte < 0x80) return {byte, 1};
  if (byte >= 0xc2 && byte < 0xe0) return {byte & 0x1fU, 2};
  if (byte >= 0xe0 && byte < 0xf0) return {byte & 0x0fU, 3};
  if (byte >= 0xf0 && byte < 0xf5) return {byte & 0x07U, 4};
  return {0, 0};
}

/// Decodes the front of a non-empty text, refusing overlong forms, surrogates and what lies beyond U+10FFFF.
CodePoint decode_utf8(std::string_view text) {
  auto [value, size] = leading_byte(static_cast<unsigned char>(text[0]));
  if (size == 0 || text.size() < size) return {0, 0};
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {0, 0};
    value = value << 6 | (byte & 0x3fU);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (overlong || surrogate || value > 0x10ffff) return {0, 0};
  return {value, size};
}

/// Controls, line and paragraph separators, and the marks that turn the direction of text: what could make a line look
/// like two, or like another one.
bool is_unsafe(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

std::string short_escape(std::uint32_t c) {
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\u{:04x}", c);
  }
}

/// Escapes what is unsafe, and with a backslash what is in `special`. Invalid bytes go through `invalid_byte`.
template <typename InvalidByte>
std::string escape(std::string_view text, std::string_view special, InvalidByte invalid_byte) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [value, size] = decode_utf8(text);
    if (size == 0) {
      out += invalid_byte(static_cast<unsigned char>(text[0]));
    } else if (is_unsafe(value)) {
      out += short_escape(value);
    } else {
      if (special.find(text[0]) != std::string_view::npos) out += '\\';
      out += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

std::string hex_escape(unsigned char byte) {
  return fmt::format("\\x{:02x}", byte);
}

bool is_own_name(std::string_view name) {
  return name == "time" || name == "level" || name == "message";
}

}  // namespace

std::string redact(std::string_view text, std::span<const Secret> secrets) {
  std::string out;
  std::size_t hidden_until = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t found = longest_secret(text.substr(i), secrets);
    if (found > 0 && i >= hidden_until) out += "***";
    if (found > 0) hidden_until = std::max(hidden_until, i + found);
    if (i >= hidden_until) out += text[i];
  }
  return out;
}

std::string escape_text(std::string_view text) {
  return escape(text, "", hex_escape);
}

std::string quote_value(std::string_view value) {
  auto escaped = escape(value, "\"\\", hex_escape);
  const bool plain = !value.empty() && escaped == value && value.find_first_of(" =") == std::string_view::npos;
  return plain ? escaped : '"' + escaped + '"';
}

std::string json_string(std::string_view text) {
  return '"' + escape(text, "\"\\", [](unsigned char) { return "\\ufffd"; }) + '"';
}

std::string text_payload(std::string_view message, std::span<const LogField> fields) {
  std::string out = escape_text(message);
  for (const auto& field : fields) out += ' ' + escape_text(field.name) + '=' + quote_value(field.value);
  return out;
}

std::string json_payload(std::string_view message, std::span<const LogField> fields) {
  std::string out = "\"message\":" + json_string(message);
  for (const auto& field : fields) {
    const std::string name = std::string(field.name) + (is_own_name(field.name) ? "_" : "");
    out += ',' + json_string(name) + ':' + json_string(field.value);
  }
  return out;
}

}  // namespace owl::detail
