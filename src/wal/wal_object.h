#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "codec/wal_codec.h"
#include "codec/zstd.h"
#include "crypto/keys.h"
#include "crypto/names.h"
#include "os/aligned_buffer.h"
#include "postgres/timeline_history.h"
#include "postgres/types.h"
#include "postgres/wal_record.h"
#include "wal/change_map.h"
#include "wal/segment_events.h"

namespace owl::wal {

/// What a host may know of a stored WAL file without the private key: the info section of its object, sealed under M.
struct WalInfo {
  postgres::SystemId system_id = 0;
  std::string file_name;         ///< segment, .partial, .backup or .history
  std::uint64_t plain_size = 0;  ///< bytes
  crypto::BlobName tag{};        ///< keyed name of the plain bytes: "same bytes again?"
  /// Of a .history file: where its timeline comes from, so that a host without the private key can tell how timelines
  /// branch. Empty: another file, or stored before this was noted.
  std::vector<postgres::TimelineSwitch> history = {};

  /// Of segments only; zero and empty for the others.
  struct Segment {
    int major = 0;
    std::uint32_t segment_size = 0;
    postgres::Lsn first_record, next_record;  ///< of the first record that begins here; after the last whole one
    bool ended = false;                       ///< the WAL ends inside (a switch, or the end of a timeline)
    /// A transaction's end begins at this segment's end and goes on in the next: its time may be unknown here.
    bool uncertain_tail = false;
    /// The same for a record that creates a tablespace or a database, changes parameters or marks a restore point: not
    /// noted below.
    bool events_at_tail = false;
    std::uint64_t transaction_ends = 0;
    Timestamp min_time, max_time;       ///< over transaction ends; meaningless when there are none
    postgres::Lsn first_end, last_end;  ///< LSNs of the first and last of them
    std::vector<postgres::TablespaceCreate> tablespaces;
    std::vector<postgres::ParameterChange> parameters;
    std::vector<postgres::RestorePoint> restore_points;
    /// Since 1.0 every segment has them; objects without them are read, and are holes to an incremental backup.
    std::optional<ChangeMap> map = {};
    std::optional<SegmentEvents> events = {};
  } segment;
};
/// docs/format: tagged sections, so that later versions add to it and older readers skip what they don't know.
Bytes serialize(const WalInfo& info);
Result<WalInfo> parse_wal_info(ByteView bytes);

/// Walks a segment once and notes what recovery planning and incremental backups need. `plain` has passed
/// postgres::check_segment. `before`: the record that the segment before left unfinished, where it is known
/// (forerunner.h); without it, what matters of the segment's first bytes can't be told from rows, and isn't kept.
WalInfo::Segment describe_segment(ByteView plain, postgres::SegmentId id, const postgres::SegmentHeader& header,
                                  const postgres::UnfinishedRecord* before = nullptr);

/// A WAL object = header (128 bytes) ‖ info section, sealed under M ‖ payload, sealed to the epoch's public key in
/// frames ‖ 32-byte HMAC under M over the object's path and the SHA-256 of all before it. One object, one put: what is
/// known of a segment can't be lost apart from it.
inline constexpr std::size_t wal_header_size = 128;
struct WalHeader {
  std::uint32_t epoch = 0;
  std::uint8_t codec = 0;
  ByteArray<32> encapsulated_key{};  ///< random for each put: tells a writer its own object
  std::uint32_t info_size = 0;       ///< bytes, sealed
  std::uint64_t payload_size = 0;    ///< bytes, sealed
  std::uint64_t compressed_size = 0, plain_size = 0;

  std::uint64_t object_size() const { return wal_header_size + info_size + payload_size + 32; }
};
Result<WalHeader> parse_wal_header(ByteView bytes);

/// The stored form, as pieces to put one after the other, with the SHA-256 of the whole.
struct BuiltWalObject {
  Bytes head;     ///< header and info
  Bytes payload;  ///< frames
  Bytes footer;
  ByteArray<32> sha256{};
};
/// Of a segment's size, or for what a codec may make of it: what is larger is given back after each use.
inline constexpr std::size_t most_kept_room = 64u << 20;

/// What is sealed: compressed once, whatever number of objects it goes into.
struct CompressedWal {
  std::uint8_t codec = 0;
  Bytes bytes;
  std::uint64_t plain_size = 0;
  /// The WAL codec did not give the same bytes back, and zstd alone was used: an error of this program.
  bool unproven = false;
};
/// Compresses one file after the other, segments by what is in them; keeps its tables, what it learned of the rows, and
/// the room that a usual segment takes, for the next. One
/// thread at a time.
class WalCompressor {
 public:
  explicit WalCompressor(int zstd_level) : level_(zstd_level), encoder_(zstd_level, codec::Content::pages) {}
  CompressedWal compress(ByteView plain);

 private:
  bool compress_segment(ByteView plain, CompressedWal& out);
  void make_room(std::size_t size);

  const int level_;
  std::optional<codec::WalEncoder> segments_;  ///< once there is one
  codec::ZstdEncoder encoder_;
  os::AlignedBuffer room_;
};
BuiltWalObject seal_wal_object(const crypto::HostKeys& keys, std::string_view path, const WalInfo& info,
                               const CompressedWal& content, Random& random);
/// Both in one.
BuiltWalObject build_wal_object(const crypto::HostKeys& keys, std::string_view path, const WalInfo& info,
                                ByteView plain, int zstd_level, Random& random);

/// Checks length and HMAC of a whole object and opens its info: all that can be proven without the private key. Throws
/// Error(integrity) naming the path.
WalInfo check_wal_object(const crypto::HostKeys& keys, std::string_view path, ByteView object);
/// Opens the info section out of an object's first bytes (header and info must be whole).
WalInfo open_wal_info(const crypto::HostKeys& keys, std::string_view path, ByteView first_bytes);
/// The plain bytes; everything is checked first, the tag at last.
Bytes open_wal_payload(const crypto::HostKeys& keys, std::span<const crypto::EpochSecrets> secrets,
                       std::string_view path, ByteView object);

}  // namespace owl::wal
