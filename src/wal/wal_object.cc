#include "wal/wal_object.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/binary.h"
#include "codec/blob_decoder.h"
#include "codec/hash.h"
#include "crypto/payload_seal.h"
#include "crypto/sealed_object.h"

namespace owl::wal {
namespace {

constexpr std::string_view magic = "OWLWAL01";
constexpr std::size_t footer_size = 32;

ByteArray<wal_header_size> render_header(const WalHeader& header) {
  Bytes bytes;
  BinaryWriter out(bytes);
  out.raw(as_bytes(magic));
  out.u32(header.epoch);
  out.u8(header.codec);
  out.raw(ByteArray<3>{});
  out.raw(header.encapsulated_key);
  out.u32(header.info_size);
  out.u32(0);
  out.u64(header.payload_size);
  out.u64(header.compressed_size);
  out.u64(header.plain_size);
  ByteArray<wal_header_size> fixed{};
  std::ranges::copy(bytes, fixed.begin());
  return fixed;
}

bool is_codec(std::uint8_t number) {
  using codec::Codec;
  const auto is = [&](Codec one) { return number == static_cast<std::uint8_t>(one); };
  return is(Codec::stored) || is(Codec::zstd) || is(Codec::wal);
}

Error damaged(std::string_view path, std::string_view how) {
  return {ErrorKind::integrity, fmt::format("the WAL object {} is damaged: {}", path, how)};
}

/// HMAC under M over the path and the digest of everything before the footer: proves wholeness and place without the
/// private key.
codec::Sha256Digest footer_of(const crypto::HostEpoch& epoch, std::string_view path,
                              const codec::Sha256Digest& digest) {
  Bytes message = to_bytes(as_bytes("owl1 wal"));
  append(message, as_bytes(path));
  message.push_back(0);
  append(message, digest);
  return codec::hmac_sha256(crypto::derive_metadata_keys(epoch.m).mac.view(), message);
}

const crypto::HostEpoch& epoch_of(const crypto::HostKeys& keys, std::uint32_t epoch, std::string_view path) {
  if (const auto* found = keys.find(epoch)) return *found;
  throw Error(ErrorKind::no_key,
              fmt::format("{} belongs to key epoch {}, which this host's key file lacks", path, epoch))
      .with_hint("Enrol this host again: `owlbackup keys enroll`.");
}

WalHeader checked_header(std::string_view path, ByteView object) {
  auto header = parse_wal_header(object);
  if (!header) throw damaged(path, header.error().message());
  return *header;
}

}  // namespace

Result<WalHeader> parse_wal_header(ByteView bytes) {
  constexpr std::uint64_t largest_segment = 1u << 30;
  if (bytes.size() < wal_header_size) return bad_format("it is cut short");
  BinaryReader in(bytes.first(wal_header_size));
  if (as_text(in.raw(magic.size())) != magic) return bad_format("it does not begin as a WAL object does");
  WalHeader header;
  header.epoch = in.u32();
  header.codec = in.u8();
  in.raw(3);
  header.encapsulated_key = in.array<32>();
  header.info_size = in.u32();
  in.u32();
  header.payload_size = in.u64();
  header.compressed_size = in.u64();
  header.plain_size = in.u64();
  if (!in.ok() || !is_codec(header.codec) || header.plain_size > largest_segment ||
      header.compressed_size > header.plain_size || header.info_size < crypto::sealed_header_size ||
      header.payload_size != crypto::sealed_payload_size(header.compressed_size)) {
    return bad_format("its header makes no sense");
  }
  return header;
}

CompressedWal WalCompressor::compress(ByteView plain) {
  constexpr std::size_t least_segment = 1u << 20;
  CompressedWal out;
  out.plain_size = plain.size();
  if (plain.size() < least_segment || !compress_segment(plain, out)) {
    make_room(codec::ZstdEncoder::bound(plain.size()));
    const auto encoded = encoder_.encode(plain, room_.whole());
    out.codec = static_cast<std::uint8_t>(encoded.codec);
    out.bytes = to_bytes(room_.whole().first(encoded.size));
  }
  if (room_.capacity() > most_kept_room) room_ = {};
  return out;
}

/// False: it is no WAL that the codec could take apart, or zstd alone will do better.
bool WalCompressor::compress_segment(ByteView plain, CompressedWal& out) {
  if (!segments_) segments_.emplace(level_);
  make_room(codec::WalEncoder::bound(plain.size()));
  const auto before = segments_->counters().unproven;
  const std::size_t size = segments_->encode(plain, room_.whole());
  out.unproven = segments_->counters().unproven != before;
  if (size == 0 || size >= plain.size()) return false;
  out.codec = static_cast<std::uint8_t>(codec::Codec::wal);
  out.bytes = to_bytes(room_.whole().first(size));
  return true;
}

void WalCompressor::make_room(std::size_t size) {
  if (room_.capacity() < size) room_ = os::AlignedBuffer(size);
}

BuiltWalObject build_wal_object(const crypto::HostKeys& keys, std::string_view path, const WalInfo& info,
                                ByteView plain, int zstd_level, Random& random) {
  return seal_wal_object(keys, path, info, WalCompressor(zstd_level).compress(plain), random);
}

BuiltWalObject seal_wal_object(const crypto::HostKeys& keys, std::string_view path, const WalInfo& info,
                               const CompressedWal& content, Random& random) {
  const auto& epoch = keys.current();
  WalHeader header;
  header.epoch = epoch.epoch;
  header.codec = content.codec;
  header.compressed_size = content.bytes.size();
  header.plain_size = content.plain_size;
  auto payload = crypto::seal_payload(keys, path, content.bytes, random);
  const Bytes sealed_info =
      crypto::seal_object(epoch, keys.repository, crypto::ObjectType::wal_info, path, serialize(info), random);
  header.encapsulated_key = payload.encapsulated_key;
  header.info_size = static_cast<std::uint32_t>(sealed_info.size());
  header.payload_size = payload.frames.size();

  BuiltWalObject object;
  append(object.head, render_header(header));
  append(object.head, sealed_info);
  object.payload = std::move(payload.frames);
  codec::Sha256 hash;
  hash.update(object.head);
  hash.update(object.payload);
  object.footer = to_bytes(footer_of(epoch, path, hash.digest()));
  hash.update(object.footer);
  object.sha256 = hash.digest();
  return object;
}

WalInfo check_wal_object(const crypto::HostKeys& keys, std::string_view path, ByteView object) {
  const auto header = checked_header(path, object);
  if (object.size() != header.object_size()) {
    throw damaged(path, fmt::format("it has {} bytes instead of {}", object.size(), header.object_size()));
  }
  const auto body = object.first(object.size() - footer_size);
  const auto footer = footer_of(epoch_of(keys, header.epoch, path), path, codec::sha256(body));
  if (!crypto::same_secret(footer, object.last(footer_size))) throw damaged(path, "its authentication code is wrong");
  return open_wal_info(keys, path, object);
}

WalInfo open_wal_info(const crypto::HostKeys& keys, std::string_view path, ByteView first_bytes) {
  const auto header = checked_header(path, first_bytes);
  if (first_bytes.size() < wal_header_size + header.info_size) throw damaged(path, "it is cut short");
  const auto plain = crypto::open_object(keys, crypto::ObjectType::wal_info, path,
                                         first_bytes.subspan(wal_header_size, header.info_size));
  auto info = parse_wal_info(plain);
  if (!info) throw damaged(path, info.error().message());
  return std::move(*info);
}

Bytes open_wal_payload(const crypto::HostKeys& keys, std::span<const crypto::EpochSecrets> secrets,
                       std::string_view path, ByteView object) {
  const auto info = check_wal_object(keys, path, object);
  const auto header = checked_header(path, object);
  const auto frames = object.subspan(wal_header_size + header.info_size, header.payload_size);
  const Bytes compressed = crypto::open_payload(secrets, header.epoch, header.encapsulated_key, path, frames);
  if (compressed.size() != header.compressed_size)
    throw damaged(path, "its payload has another length than its header says");
  Bytes plain(header.plain_size);
  if (auto read = codec::BlobDecoder().decode(static_cast<codec::Codec>(header.codec), compressed, plain); !read) {
    throw damaged(path, read.error().message());
  }
  if (crypto::Namer(keys.wal_naming).name(crypto::BlobKind::wal, plain) != info.tag) {
    throw damaged(path, "its content is not what was archived");
  }
  return plain;
}

}  // namespace owl::wal
