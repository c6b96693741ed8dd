#include "repository/manifest.h"

#include "base/units.h"
#include "repository/document.h"
#include "repository/pack_ref.h"

namespace owl::repository {
namespace {

constexpr std::uint64_t largest_body = 512 * MiB;
constexpr std::size_t min_blob_ref_size = 18, min_range_size = 17;

void put_wal(BinaryWriter& out, const std::optional<WalNeed>& wal) {
  out.u8(wal ? 1 : 0);
  if (!wal) return;
  out.u64(wal->system_id);
  out.varint(wal->segment_size);
  out.varint(wal->ranges.size());
  for (const auto& range : wal->ranges) {
    out.varint(range.timeline);
    out.u64(range.start_lsn);
    out.u64(range.stop_lsn);
  }
}

std::optional<WalNeed> get_wal(BinaryReader& in) {
  const auto present = in.u8();
  if (present > 1) in.fail();
  if (present != 1) return std::nullopt;
  WalNeed wal;
  wal.system_id = in.u64();
  wal.segment_size = get_u32(in);
  wal.ranges.resize(in.count(min_range_size));
  for (auto& range : wal.ranges) range = {get_u32(in), in.u64(), in.u64()};
  return wal;
}

void put_references(BinaryWriter& out, const Manifest& manifest) {
  out.varint(manifest.packs.size());
  for (const auto& pack : manifest.packs) put_pack_ref(out, pack);
  out.varint(manifest.leaves.size());
  for (const auto& leaf : manifest.leaves) {
    out.varint(leaf.pack);
    out.varint(leaf.entry);
    out.raw(leaf.name);
  }
}

void get_references(BinaryReader& in, Manifest& manifest) {
  manifest.packs.resize(in.count(min_pack_ref_size));
  for (auto& pack : manifest.packs) pack = get_pack_ref(in);
  manifest.leaves.resize(in.count(min_blob_ref_size));
  for (auto& leaf : manifest.leaves) {
    leaf = {get_u32(in), get_u32(in), in.array<16>()};
    if (leaf.pack >= manifest.packs.size()) in.fail();
  }
}

Manifest get_manifest(BinaryReader& in) {
  Manifest manifest;
  manifest.kind = in.text();
  manifest.name = in.text();
  manifest.label = in.text();
  manifest.writer = in.array<8>();
  manifest.host = in.text();
  manifest.program_version = in.text();
  manifest.started = get_timestamp(in);
  manifest.finished = get_timestamp(in);
  manifest.sequence = in.varint();
  manifest.forerunner = in.array<32>();
  get_references(in, manifest);
  manifest.wal = get_wal(in);
  manifest.plain_bytes = in.varint();
  manifest.new_bytes = in.varint();
  manifest.items = in.varint();
  manifest.warnings = get_texts(in);
  manifest.details = to_bytes(in.bytes());
  return manifest;
}

}  // namespace

Bytes serialize(const Manifest& manifest) {
  Bytes body;
  BinaryWriter out(body);
  out.text(manifest.kind);
  out.text(manifest.name);
  out.text(manifest.label);
  out.raw(manifest.writer);
  out.text(manifest.host);
  out.text(manifest.program_version);
  put_timestamp(out, manifest.started);
  put_timestamp(out, manifest.finished);
  out.varint(manifest.sequence);
  out.raw(manifest.forerunner);
  put_references(out, manifest);
  put_wal(out, manifest.wal);
  out.varint(manifest.plain_bytes);
  out.varint(manifest.new_bytes);
  out.varint(manifest.items);
  put_texts(out, manifest.warnings);
  out.bytes(manifest.details);
  return make_document(1, body);
}

Result<Manifest> parse_manifest_body(ByteView bytes) {
  return read_document(bytes, largest_body, "a manifest", get_manifest);
}

}  // namespace owl::repository
