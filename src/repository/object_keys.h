#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/keys.h"

namespace owl::repository {

/// The one home of every object's name: keys are built and parsed here and nowhere else (docs/format.md, "Objects").
/// Names of PostgreSQL's own (system id in decimal, segment names) are passed as text: this floor can't tell what they
/// mean.

using RandomId = ByteArray<16>;  ///< of leases, indexes, trash objects; 32 hex digits in keys
using PackId = ByteArray<32>;    ///< SHA-256 of the pack's stored bytes

enum class PackClass : std::uint8_t { data = 1, metadata = 2 };

/// A pack as others refer to it.
struct PackRef {
  PackId id{};
  PackClass pack_class = PackClass::data;
  std::uint32_t month = 0;           ///< yyyymm of its writing: part of its key
  std::uint64_t size = 0;            ///< bytes
  std::uint32_t directory_size = 0;  ///< bytes of the sealed directory before the trailer

  friend bool operator==(const PackRef&, const PackRef&) = default;
};

/// Where one backup stands, or will stand: announced by its lease, created once.
struct ManifestKey {
  std::string kind;     ///< cluster | dump | files
  std::string name_id;  ///< 16 hex digits (crypto::path_id), stands for the source's name
  Timestamp start;      ///< whole seconds
  RandomId lease{};

  friend bool operator==(const ManifestKey&, const ManifestKey&) = default;
};

namespace keys {

inline constexpr std::string_view repository_object = "owl.json";
inline constexpr std::string_view restore_readme = "RESTORE.md";

std::string epoch_public(std::uint32_t epoch);                                       // keys/0001/public
std::string epoch_folder(std::uint32_t epoch);                                       // keys/0001/
std::string epoch_wrap(std::uint32_t epoch, unsigned number, crypto::KeyMode mode);  // keys/0001/000001.pgp
std::string wrap_mac(const std::string& wrap);                                       // keys/0001/000001.pgp.mac
std::string pack(const PackRef& pack);                                               // packs/d/202611/<64 hex>
std::string pack_month(PackClass pack_class, std::uint32_t month);                   // packs/d/202611/
std::string index(const crypto::WriterId& writer, const RandomId& id);               // index/<16 hex>/<32 hex>
std::string index_folder(const crypto::WriterId& writer);
std::string manifest(const ManifestKey& key);             // backups/cluster/<name id>/20261122T143000Z-<32 hex>
std::string lease(const RandomId& id, unsigned renewal);  // leases/<32 hex>.000001
std::string lease_end(const RandomId& id);                // leases/<32 hex>.end
std::string trash(const RandomId& id);                    // trash/<32 hex>

/// wal/<system id>/<timeline>/<16 hex>/<segment>[~n]; history files: wal/<system id>/<timeline>/<name>.
std::string wal_object(std::string_view system_id, std::string_view file_name, unsigned copy = 0);
std::string wal_system(std::string_view system_id);                            // wal/<system id>/
std::string wal_timeline(std::string_view system_id, std::uint32_t timeline);  // wal/<system id>/00000001/
std::string wal_folder(std::string_view system_id, std::string_view segment_name);

/// wal-gaps/<system id>/<first segment>-<last segment>: that these are missing for ever is known (create-once).
std::string wal_gap(std::string_view system_id, std::string_view first, std::string_view last);
std::string wal_gaps(std::string_view system_id);  // wal-gaps/<system id>/

struct ParsedWalGapKey {
  std::string system_id, first, last;  ///< segments of one timeline, in their order
};
struct ParsedWalKey {
  std::string system_id, file_name;
  unsigned copy = 0;
};
/// A piece of a segment that is still being written.
struct OpenPieceKey {
  std::string system_id, segment_name;
  std::uint32_t start = 0, end = 0;  ///< bytes of the segment, end excluded
  ByteArray<8> random{};             ///< pieces overlap as they like: each has a key of its own

  friend bool operator==(const OpenPieceKey&, const OpenPieceKey&) = default;
};
/// wal-open/<system id>/<timeline>/<segment>/<start>-<end>-<16 hex>, start and end as 8 hex digits.
std::string open_piece(const OpenPieceKey& key);
std::string open_pieces(std::string_view system_id, std::string_view segment_name);  ///< the folder of a segment's
std::string open_timeline(std::string_view system_id, std::uint32_t timeline);       ///< the folder of a timeline's

struct ParsedLeaseKey {
  RandomId id{};
  unsigned renewal = 0;
  bool end = false;
};
std::optional<ManifestKey> parse_manifest(std::string_view key);
/// keys/<epoch>/<n>.<how>, and nothing else that stands there.
struct ParsedWrapKey {
  std::uint32_t epoch = 0;
  unsigned number = 0;
  crypto::KeyMode mode{};
};
std::optional<ParsedWrapKey> parse_epoch_wrap(std::string_view key);
/// The key of the wrap that a MAC stands beside; nullopt: this is the key of no such MAC.
std::optional<std::string> parse_wrap_mac(std::string_view key);
std::optional<PackRef> parse_pack(std::string_view key);  ///< id, class and month; sizes are 0
std::optional<ParsedWalKey> parse_wal_object(std::string_view key);
std::optional<OpenPieceKey> parse_open_piece(std::string_view key);
std::optional<ParsedWalGapKey> parse_wal_gap(std::string_view key);
std::optional<ParsedLeaseKey> parse_lease(std::string_view key);
std::optional<RandomId> parse_index(std::string_view key);
std::optional<RandomId> parse_trash(std::string_view key);
std::optional<std::uint32_t> parse_epoch_folder(std::string_view name);  ///< "0001"

}  // namespace keys

/// yyyymm of a moment, UTC.
std::uint32_t month_of(Timestamp t);

}  // namespace owl::repository
