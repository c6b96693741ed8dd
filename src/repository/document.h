#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/binary.h"
#include "base/time.h"

namespace owl::repository {

/// What is inside a sealed object: u8 version ‖ zstd-compressed body (codec::compress). The version stands outside, so
/// that a later one can change everything behind it.
Bytes make_document(std::uint8_t version, ByteView body);
/// The body. Another version is Error(unsupported), more than `limit` bytes of body is refused before any memory is
/// taken for it. `what` names the document in errors: "an index object".
Result<Bytes> open_document(ByteView document, std::uint8_t version, std::uint64_t limit, std::string_view what);

/// A varint that must fit into 32 bits.
std::uint32_t get_u32(BinaryReader& in);
Timestamp get_timestamp(BinaryReader& in);
void put_timestamp(BinaryWriter& out, Timestamp t);
/// A varint count and that many texts.
std::vector<std::string> get_texts(BinaryReader& in);
void put_texts(BinaryWriter& out, const std::vector<std::string>& texts);

/// Opens a document of version 1 and reads it by `read(BinaryReader&) -> T`; nothing may be left over.
template <typename Read>
auto read_document(ByteView document, std::uint64_t limit, std::string_view what, Read read)
    -> Result<std::invoke_result_t<Read, BinaryReader&>> {
  const auto body = open_document(document, 1, limit, what);
  if (!body) return tl::unexpected(body.error());
  BinaryReader in(*body);
  auto value = read(in);
  if (auto finished = in.finish(what); !finished) return tl::unexpected(finished.error());
  return value;
}

}  // namespace owl::repository
