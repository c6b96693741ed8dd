#include "repository/document.h"

#include <fmt/core.h>

#include "codec/zstd.h"

namespace owl::repository {

Bytes make_document(std::uint8_t version, ByteView body) {
  Bytes document{version};
  append(document, codec::compress(body));
  return document;
}

Result<Bytes> open_document(ByteView document, std::uint8_t version, std::uint64_t limit, std::string_view what) {
  if (document.empty()) return bad_format(fmt::format("{} is empty", what));
  if (document.front() != version) {
    return tl::unexpected(Error(ErrorKind::unsupported, fmt::format("{} has version {}", what, document.front()))
                              .with_hint("A newer owlbackup wrote it: use that one."));
  }
  auto body = codec::decompress(document.subspan(1), limit);
  if (!body) return tl::unexpected(Error(body.error()).with_context(std::string(what)));
  return body;
}

std::uint32_t get_u32(BinaryReader& in) {
  const auto value = in.varint();
  if (value > UINT32_MAX) in.fail();
  return static_cast<std::uint32_t>(value);
}

Timestamp get_timestamp(BinaryReader& in) {
  return {in.signed_varint()};
}

void put_timestamp(BinaryWriter& out, Timestamp t) {
  out.signed_varint(t.micros);
}

std::vector<std::string> get_texts(BinaryReader& in) {
  std::vector<std::string> texts(in.count(1));
  for (auto& text : texts) text = in.text();
  return texts;
}

void put_texts(BinaryWriter& out, const std::vector<std::string>& texts) {
  out.varint(texts.size());
  for (const auto& text : texts) out.text(text);
}

}  // namespace owl::repository
