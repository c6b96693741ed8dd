#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "crypto/keys.h"
#include "crypto/names.h"
#include "repository/object_keys.h"

namespace owl::repository {

/// A blob as a manifest or a leaf names it: the pack and the entry pin its bytes, the name is the check.
struct BlobRef {
  std::uint32_t pack = 0;  ///< index into the pack table of the manifest or leaf
  std::uint32_t entry = 0;
  crypto::BlobName name{};
};

/// WAL without which a backup is no backup.
struct WalRange {
  std::uint32_t timeline = 0;
  std::uint64_t start_lsn = 0, stop_lsn = 0;  ///< [start, stop)
};
struct WalNeed {
  std::uint64_t system_id = 0;
  std::uint32_t segment_size = 0;  ///< bytes
  std::vector<WalRange> ranges;
};

/// The root of one backup: the commit point. Common to every kind; `details` belongs to the kind's own module.
struct Manifest {
  std::string kind;   ///< cluster | dump | files
  std::string name;   ///< the source's name
  std::string label;  ///< the user's, may be empty
  crypto::WriterId writer{};
  std::string host, program_version;
  Timestamp started, finished;
  std::uint64_t sequence = 0;   ///< of this source: 1, 2, …
  ByteArray<32> forerunner{};   ///< SHA-256 of the forerunner's sealed manifest; zero for the first
  std::vector<PackRef> packs;   ///< every pack it relies on, data and metadata
  std::vector<BlobRef> leaves;  ///< metadata blobs, in order
  std::optional<WalNeed> wal;
  std::uint64_t plain_bytes = 0;  ///< size of what was backed up
  std::uint64_t new_bytes = 0;    ///< stored by this run
  std::uint64_t items = 0;        ///< files
  std::vector<std::string> warnings;
  Bytes details;
};
Bytes serialize(const Manifest& manifest);  ///< compressed, not sealed
Result<Manifest> parse_manifest_body(ByteView bytes);

/// What stands at the key of an attempt that was fenced.
struct VoidMarker {
  std::string reason, host;
  Timestamp when;
};
Bytes serialize(const VoidMarker& marker);
Result<VoidMarker> parse_void_marker(ByteView bytes);

}  // namespace owl::repository
