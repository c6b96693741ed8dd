#include <array>

#include "codec/hash.h"

namespace owl::codec {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;

constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

/// How many bytes the last group of four characters stands for, or 0 where its padding is wrong.
std::size_t last_group_bytes(std::string_view group) {
  if (group.ends_with("==")) return 1;
  if (group.ends_with('=')) return 2;
  return 3;
}

/// Appends the bytes of one group of four characters. False: a character that is none, or bits set that are dropped.
bool append_group(Bytes& out, std::string_view group, std::size_t bytes) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint8_t value = i <= bytes ? digit_values[static_cast<std::uint8_t>(group[i])] : std::uint8_t{0};
    if (value == no_digit) return false;
    bits = bits << 6 | value;
  }
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(bits >> (16 - 8 * i)));
  const std::uint32_t dropped = (1u << (8 * (3 - bytes))) - 1;
  return (bits & dropped) == 0;
}

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= count ? alphabet[(bits >> (18 - 6 * k)) & 0x3f] : '=';
  }
  return out;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return bad_format("base64 text whose length is not a multiple of four");
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const auto group = text.substr(i, 4);
    const std::size_t bytes = i + 4 == text.size() ? last_group_bytes(group) : 3;
    if (!append_group(out, group, bytes)) return bad_format("text that is not base64");
  }
  return out;
}

}  // namespace owl::codec
