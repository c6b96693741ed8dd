#include <algorithm>

#include "base/units.h"
#include "repository/document.h"
#include "repository/index.h"
#include "repository/pack_ref.h"

namespace owl::repository {
namespace {

constexpr std::uint64_t largest_body = 256 * MiB;
constexpr std::size_t min_entry_size = 19;

IndexObject::Entry get_entry(BinaryReader& in, std::size_t packs) {
  IndexObject::Entry entry;
  entry.name = in.array<16>();
  entry.pack = get_u32(in);
  if (entry.pack >= packs) in.fail();
  entry.entry = get_u32(in);
  entry.plain_size = get_u32(in);
  return entry;
}

IndexObject get_index(BinaryReader& in) {
  IndexObject object;
  object.owner = in.text();
  object.supersedes = get_texts(in);
  object.packs.resize(in.count(min_pack_ref_size));
  for (auto& pack : object.packs) pack = get_pack_ref(in);
  object.entries.resize(in.count(min_entry_size));
  for (auto& entry : object.entries) entry = get_entry(in, object.packs.size());
  if (!std::ranges::is_sorted(object.entries, {}, &IndexObject::Entry::name)) in.fail();
  return object;
}

}  // namespace

Bytes serialize(IndexObject object) {
  std::ranges::stable_sort(object.entries, {}, &IndexObject::Entry::name);
  Bytes body;
  BinaryWriter out(body);
  out.text(object.owner);
  put_texts(out, object.supersedes);
  out.varint(object.packs.size());
  for (const auto& pack : object.packs) put_pack_ref(out, pack);
  out.varint(object.entries.size());
  for (const auto& entry : object.entries) {
    out.raw(entry.name);
    out.varint(entry.pack);
    out.varint(entry.entry);
    out.varint(entry.plain_size);
  }
  return make_document(1, body);
}

Result<IndexObject> parse_index_object(ByteView bytes) {
  return read_document(bytes, largest_body, "an index object", get_index);
}

}  // namespace owl::repository
