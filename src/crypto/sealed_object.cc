#include "crypto/sealed_object.h"

#include <fmt/core.h>

#include <array>

#include "base/binary.h"
#include "crypto/frames.h"
#include "crypto/hkdf.h"

namespace owl::crypto {
namespace {

constexpr std::string_view magic = "OWLM";
constexpr std::uint8_t format_version = 1;
constexpr std::size_t commitment_size = 32;

/// By the number of the type.
constexpr std::array<std::string_view, 14> type_names{
    "",      "manifest",  "void marker", "index",  "pack directory", "WAL info section", "lease", "end of a lease",
    "trash", "gone note", "pin",         "record", "WAL index",      "known WAL gap"};

std::string_view name_of(ObjectType type) {
  return type_names[static_cast<std::size_t>(type)];
}

struct ObjectKeys {
  SecretKey key, commitment;
};

ObjectKeys derive_object_keys(const HostEpoch& epoch, const RepositoryId& repository, ObjectType type,
                              std::string_view path, ByteView salt) {
  Bytes info = to_bytes(as_bytes("owl1"));
  info.push_back(static_cast<std::uint8_t>(type));
  append(info, repository);
  append(info, as_bytes(path));
  const auto keys = hkdf_keys(salt, derive_key(epoch.m, "owl1 m seal"), info, 2);
  return {keys[0], keys[1]};
}

Bytes make_header(ObjectType type, std::uint32_t epoch, ByteView salt, ByteView commitment) {
  Bytes header;
  BinaryWriter writer(header);
  writer.raw(as_bytes(magic));
  writer.u8(format_version);
  writer.u8(static_cast<std::uint8_t>(type));
  writer.u16(0);
  writer.u32(epoch);
  writer.u32(0);
  writer.raw(salt);
  writer.raw(commitment);
  return header;
}

/// STREAM: the counter against reordering, the last bit against cutting off.
FrameBinder binder(ByteView header) {
  return [header](std::uint64_t number, bool last) {
    GcmNonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<std::uint8_t>(number >> (8 * i));
    nonce.back() = last ? 1 : 0;
    return FrameBinding{nonce, header};
  };
}

/// For messages: pack directories have no path of their own.
std::string_view shown(std::string_view path) {
  return path.empty() ? "a sealed object" : path;
}

Error damaged(std::string_view path, std::string_view why) {
  return Error(ErrorKind::integrity, fmt::format("{}: {}", shown(path), why));
}

void check_type(const SealedHeader& header, ObjectType expected, std::string_view path) {
  if (header.type == expected) return;
  throw damaged(path, fmt::format("holds a {}, not a {}", name_of(header.type), name_of(expected)));
}

const HostEpoch& epoch_of(const HostKeys& keys, std::uint32_t epoch, std::string_view path) {
  if (const HostEpoch* const found = keys.find(epoch)) return *found;
  throw Error(ErrorKind::no_key,
              fmt::format("{} is sealed under epoch {}, of which the key file knows nothing", shown(path), epoch))
      .with_hint("Another host rotated the keys: owlbackup keys enroll fetches the newer epoch.");
}

}  // namespace

Bytes seal_object(const HostEpoch& epoch, const RepositoryId& repository, ObjectType type, std::string_view path,
                  ByteView plain, Random& random) {
  const auto salt = random.array<32>();
  const auto keys = derive_object_keys(epoch, repository, type, path, salt);
  const Bytes header = make_header(type, epoch.epoch, salt, keys.commitment.view());
  Bytes object;
  object.reserve(static_cast<std::size_t>(sealed_size(plain.size())));
  append(object, header);
  seal_frames(keys.key, binder(header), plain, object);
  return object;
}

Result<SealedHeader> parse_sealed_header(ByteView object) {
  BinaryReader reader(object);
  const bool is_sealed = equal(reader.raw(magic.size()), as_bytes(magic));
  const std::uint8_t version = reader.u8(), type = reader.u8();
  const std::uint16_t reserved = reader.u16();
  const std::uint32_t epoch = reader.u32(), reserved_too = reader.u32();
  const auto salt = reader.array<32>();
  reader.raw(commitment_size);
  if (const auto whole = reader.status("the header of a sealed object"); !whole) return tl::unexpected(whole.error());
  if (!is_sealed) return bad_format("not a sealed object: it does not start with OWLM");
  if (version != format_version) {
    return tl::unexpected(Error(ErrorKind::unsupported, fmt::format("a sealed object of version {}", version))
                              .with_hint("A newer owlbackup wrote it: use that one."));
  }
  if (type == 0 || type >= type_names.size() || reserved != 0 || reserved_too != 0 || epoch == 0) {
    return bad_format("the header of a sealed object is malformed");
  }
  return SealedHeader{static_cast<ObjectType>(type), epoch, salt};
}

Bytes open_object(const HostKeys& keys, ObjectType type, std::string_view path, ByteView object) {
  const auto parsed = parse_sealed_header(object);
  if (!parsed) throw Error(parsed.error()).with_context(std::string(shown(path)));
  check_type(*parsed, type, path);
  const HostEpoch& epoch = epoch_of(keys, parsed->epoch, path);
  const auto derived = derive_object_keys(epoch, keys.repository, type, path, parsed->salt);
  const ByteView header = object.first(sealed_header_size);
  if (!same_secret(derived.commitment.view(), header.last(commitment_size))) {
    throw damaged(path, "was not sealed for this place with this repository's keys, or its header is damaged");
  }
  auto plain = open_frames(derived.key, binder(header), object.subspan(sealed_header_size));
  if (!plain) throw damaged(path, "is damaged: a frame is missing or does not fit its seal");
  return std::move(*plain);
}

std::uint64_t sealed_size(std::uint64_t plain_size) {
  return sealed_header_size + framed_size(plain_size);
}

}  // namespace owl::crypto
