#include "crypto/openpgp_packets.h"

#include "crypto/hex.h"
#include "crypto/wrap.h"

namespace owl::crypto {
namespace {

constexpr int pkesk = 1;  // public-key encrypted session key
constexpr std::size_t key_id_size = 8;

}  // namespace

std::optional<OpenPgpScanner::Packet> OpenPgpScanner::next() {
  if (!ok_ || rest_.empty()) return std::nullopt;
  const std::uint8_t first = rest_.front();
  rest_ = rest_.subspan(1);
  auto found = packet(first);
  ok_ = found.has_value();
  return found;
}

std::optional<OpenPgpScanner::Packet> OpenPgpScanner::packet(std::uint8_t first) {
  const bool is_packet = (first & 0x80) != 0, new_format = (first & 0x40) != 0;
  const int tag = new_format ? first & 0x3f : first >> 2 & 0x0f;
  if (!is_packet || tag == 0) return std::nullopt;
  std::optional<ByteView> body;
  if (new_format) {
    body = take_new_body();
  } else if (const auto length = old_length(first & 3U)) {
    body = take(length->bytes);
  }
  if (!body) return std::nullopt;
  return Packet{tag, *body};
}

std::optional<ByteView> OpenPgpScanner::take(std::size_t size) {
  if (size > rest_.size()) return std::nullopt;
  const ByteView bytes = rest_.first(size);
  rest_ = rest_.subspan(size);
  return bytes;
}

std::optional<std::size_t> OpenPgpScanner::big_endian(std::size_t size) {
  const auto bytes = take(size);
  if (!bytes) return std::nullopt;
  std::size_t value = 0;
  for (const auto byte : *bytes) value = value << 8 | byte;
  return value;
}

std::optional<OpenPgpScanner::Length> OpenPgpScanner::old_length(unsigned type) {
  if (type == 3) return Length{rest_.size(), false};  // "indeterminate": up to the end
  const auto bytes = big_endian(std::size_t{1} << type);
  if (!bytes) return std::nullopt;
  return Length{*bytes, false};
}

std::optional<OpenPgpScanner::Length> OpenPgpScanner::new_length() {
  const auto first = big_endian(1);
  if (!first) return std::nullopt;
  if (*first < 192) return Length{*first, false};
  if (*first >= 224 && *first < 255) return Length{std::size_t{1} << (*first & 0x1f), true};
  const bool two_bytes = *first < 224;
  const auto more = big_endian(two_bytes ? 1 : 4);
  if (!more) return std::nullopt;
  return Length{two_bytes ? ((*first - 192) << 8) + *more + 192 : *more, false};
}

std::optional<ByteView> OpenPgpScanner::take_new_body() {
  std::optional<ByteView> body;
  while (true) {
    const auto length = new_length();
    const auto part = length ? take(length->bytes) : std::nullopt;
    if (!part) return std::nullopt;
    if (!body) body = part;
    if (!length->partial) return body;
  }
}

Result<std::vector<int>> openpgp_packet_tags(ByteView message) {
  OpenPgpScanner scanner(message);
  std::vector<int> tags;
  while (const auto packet = scanner.next()) tags.push_back(packet->tag);
  if (!scanner.ok()) return bad_format("not a binary OpenPGP message, or cut short");
  if (tags.empty()) return bad_format("an empty OpenPGP message");
  return tags;
}

std::vector<std::string> openpgp_key_ids(ByteView message) {
  OpenPgpScanner scanner(message);
  std::vector<std::string> ids;
  while (const auto packet = scanner.next()) {
    const ByteView body = packet->body;
    if (packet->tag != pkesk || body.size() < 1 + key_id_size || body[0] != 3) continue;
    ids.push_back(to_upper_hex(body.subspan(1, key_id_size)));
  }
  return ids;
}

}  // namespace owl::crypto
