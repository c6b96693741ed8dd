#include "base/units.h"
#include "codec/hash.h"
#include "repository/document.h"
#include "repository/pack.h"

namespace owl::repository {
namespace {

using ContextKind = crypto::SealContextRecord::Kind;

constexpr std::string_view what = "a pack directory";
constexpr std::uint64_t largest_body = 64 * MiB;
constexpr std::size_t min_context_size = 26, min_entry_size = 23, check_size = 8;

void put_context(BinaryWriter& out, const PackContext& context) {
  out.u8(static_cast<std::uint8_t>(context.seal.kind));
  out.varint(context.seal.epoch);
  out.raw(context.seal.id);
  if (context.seal.kind == ContextKind::data) out.raw(context.seal.encapsulated_key);
  out.raw(context.writer);
}

PackContext get_context(BinaryReader& in) {
  PackContext context;
  const auto kind = in.u8();
  if (kind != 1 && kind != 2) in.fail();
  context.seal.kind = static_cast<ContextKind>(kind);
  context.seal.epoch = get_u32(in);
  context.seal.id = in.array<16>();
  if (context.seal.kind == ContextKind::data) context.seal.encapsulated_key = in.array<32>();
  context.writer = in.array<8>();
  return context;
}

void put_entry(BinaryWriter& out, const PackEntry& entry) {
  out.varint(entry.context);
  out.varint(entry.counter);
  out.raw(entry.name);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.u8(static_cast<std::uint8_t>(entry.codec));
  out.varint(entry.plain_size);
  out.varint(entry.stored_size);
  out.varint(entry.checks.size());
  for (const auto& check : entry.checks) {
    out.u32(check.crc32c);
    out.u32(check.xxh3);
  }
}

crypto::BlobKind get_blob_kind(BinaryReader& in) {
  const auto kind = in.u8();
  if (kind < 1 || kind > 3) in.fail();  // whole WAL segments never lie in packs
  return static_cast<crypto::BlobKind>(kind);
}

codec::Codec get_codec(BinaryReader& in) {
  const auto codec = in.u8();
  if (codec > static_cast<std::uint8_t>(codec::Codec::pages)) in.fail();
  return static_cast<codec::Codec>(codec);
}

std::uint32_t get_blob_size(BinaryReader& in) {
  const auto size = get_u32(in);
  if (size > largest_blob) in.fail();
  return size;
}

PackEntry get_entry(BinaryReader& in, std::size_t contexts) {
  PackEntry entry;
  entry.context = get_u32(in);
  if (entry.context >= contexts) in.fail();
  entry.counter = in.varint();
  entry.name = in.array<16>();
  entry.kind = get_blob_kind(in);
  entry.codec = get_codec(in);
  entry.plain_size = get_blob_size(in);
  entry.stored_size = get_blob_size(in);
  entry.checks.resize(in.count(check_size));
  for (auto& check : entry.checks) check = {in.u32(), in.u32()};
  return entry;
}

PackDirectory get_directory(BinaryReader& in) {
  PackDirectory directory;
  directory.contexts.resize(in.count(min_context_size));
  for (auto& context : directory.contexts) context = get_context(in);
  const auto entries = in.count(min_entry_size);
  directory.entries.reserve(entries);
  for (std::size_t i = 0; i < entries && in.ok(); ++i) {
    directory.entries.push_back(get_entry(in, directory.contexts.size()));
  }
  return directory;
}

}  // namespace

PageCheck page_check(ByteView page) {
  return {codec::crc32c(page), static_cast<std::uint32_t>(codec::xxh3_64(page))};
}

Bytes serialize(const PackDirectory& directory) {
  Bytes body;
  BinaryWriter out(body);
  out.varint(directory.contexts.size());
  for (const auto& context : directory.contexts) put_context(out, context);
  out.varint(directory.entries.size());
  for (const auto& entry : directory.entries) put_entry(out, entry);
  return make_document(1, body);
}

Result<PackDirectory> parse_pack_directory(ByteView bytes) {
  return read_document(bytes, largest_body, what, get_directory);
}

std::vector<std::uint64_t> PackDirectory::offsets() const {
  std::vector<std::uint64_t> out{pack_header_size};
  out.reserve(entries.size() + 1);
  for (const auto& entry : entries) out.push_back(out.back() + entry.sealed_size());
  return out;
}

crypto::BlobIdentity PackEntry::identity() const {
  return {counter, name, kind, codec, plain_size, stored_size};
}

}  // namespace owl::repository
