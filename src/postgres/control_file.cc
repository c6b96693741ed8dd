#include "postgres/control_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codec/hash.h"
#include "os/file.h"
#include "postgres/layout.h"

namespace owl::postgres {
namespace {

// Offsets in ControlFileData (src/include/catalog/pg_control.h). From 13 to 18 the fields up to data_checksum_version
// stand at the same places: 17 put CheckPoint.wal_level into what was padding, and 18 put default_char_signedness
// behind data_checksum_version, which moved the CRC.
namespace at {
constexpr std::size_t system_id = 0;
constexpr std::size_t control_version = 8;
constexpr std::size_t catalog_version = 12;
constexpr std::size_t state = 16;
constexpr std::size_t checkpoint = 32;
constexpr std::size_t checkpoint_redo = 40;      // checkPointCopy.redo
constexpr std::size_t checkpoint_timeline = 48;  // checkPointCopy.ThisTimeLineID
constexpr std::size_t min_recovery_point = 136;
constexpr std::size_t min_recovery_timeline = 144;
constexpr std::size_t backup_start = 152;
constexpr std::size_t backup_end = 160;
constexpr std::size_t wal_level = 172;
constexpr std::size_t wal_log_hints = 176;
constexpr std::size_t max_connections = 180;
constexpr std::size_t max_worker_processes = 184;
constexpr std::size_t max_wal_senders = 188;
constexpr std::size_t max_prepared_transactions = 192;
constexpr std::size_t max_locks_per_transaction = 196;
constexpr std::size_t block_size = 216;
constexpr std::size_t relation_segment_blocks = 220;
constexpr std::size_t wal_block_size = 224;
constexpr std::size_t wal_segment_size = 228;
constexpr std::size_t data_checksum_version = 252;
}  // namespace at

/// One row for each released major version. The catalog version is what tells 13, 14, 15 and 16 apart.
struct Layout {
  int major;
  std::uint32_t control_version, catalog_version;
  std::size_t crc;  // offset, and at the same time how many bytes it covers
};
constexpr std::array layouts{
    Layout{13, 1300, 202007201, 288}, Layout{14, 1300, 202107181, 288}, Layout{15, 1300, 202209061, 288},
    Layout{16, 1300, 202307071, 288}, Layout{17, 1700, 202406281, 288}, Layout{18, 1800, 202506291, 292},
};
constexpr std::size_t smallest_size = 296;

Result<Layout> layout_of(ByteView bytes) {
  if (bytes.size() < smallest_size) return bad_format(fmt::format("pg_control has {} bytes only", bytes.size()));
  const auto control = field<std::uint32_t>(bytes, at::control_version);
  const auto catalog = field<std::uint32_t>(bytes, at::catalog_version);
  for (const Layout& layout : layouts) {
    if (layout.control_version == control && layout.catalog_version == catalog) return layout;
  }
  return tl::unexpected(Error(ErrorKind::unsupported,
                              fmt::format("pg_control version {} with catalog version {} is of no PostgreSQL that is "
                                          "known here (13 to 18)",
                                          control, catalog)));
}

Error wrong_checksum() {
  return Error(ErrorKind::integrity, "pg_control has a wrong checksum");
}

std::uint32_t computed_crc(ByteView bytes, const Layout& layout) {
  return codec::crc32c(bytes.first(layout.crc));
}

/// A size that PostgreSQL can be built or initialised with.
bool is_size(std::uint32_t value, std::uint32_t least, std::uint32_t most) {
  return is_power_of_two(value) && value >= least && value <= most;
}

bool sizes_are_possible(const ControlFile& file) {
  return is_size(file.block_size, 1 << 10, 1 << 15) && is_size(file.wal_block_size, 1 << 10, 1 << 16) &&
         is_size(file.wal_segment_size, 1 << 20, 1 << 30) && file.relation_segment_blocks > 0;
}

ControlFile read_fields(ByteView bytes, int major) {
  const auto u32 = [&](std::size_t offset) { return field<std::uint32_t>(bytes, offset); };
  const auto i32 = [&](std::size_t offset) { return field<std::int32_t>(bytes, offset); };
  const auto lsn = [&](std::size_t offset) { return Lsn{field<std::uint64_t>(bytes, offset)}; };
  return {
      .major = major,
      .system_id = field<std::uint64_t>(bytes, at::system_id),
      .control_version = u32(at::control_version),
      .catalog_version = u32(at::catalog_version),
      .state = static_cast<ClusterState>(u32(at::state)),
      .checkpoint = lsn(at::checkpoint),
      .redo = lsn(at::checkpoint_redo),
      .timeline = u32(at::checkpoint_timeline),
      .min_recovery_point = lsn(at::min_recovery_point),
      .min_recovery_timeline = u32(at::min_recovery_timeline),
      .backup_start = lsn(at::backup_start),
      .backup_end = lsn(at::backup_end),
      .wal_level = i32(at::wal_level),
      .wal_log_hints = field<std::uint8_t>(bytes, at::wal_log_hints) != 0,
      .max_connections = i32(at::max_connections),
      .max_worker_processes = i32(at::max_worker_processes),
      .max_wal_senders = i32(at::max_wal_senders),
      .max_prepared_transactions = i32(at::max_prepared_transactions),
      .max_locks_per_transaction = i32(at::max_locks_per_transaction),
      .block_size = u32(at::block_size),
      .relation_segment_blocks = u32(at::relation_segment_blocks),
      .wal_block_size = u32(at::wal_block_size),
      .wal_segment_size = u32(at::wal_segment_size),
      .data_checksum_version = u32(at::data_checksum_version),
  };
}

}  // namespace

Result<ControlFile> parse_control_file(ByteView bytes) {
  const auto layout = layout_of(bytes);
  if (!layout) return tl::unexpected(layout.error());
  if (computed_crc(bytes, *layout) != field<std::uint32_t>(bytes, layout->crc)) return tl::unexpected(wrong_checksum());
  const ControlFile file = read_fields(bytes, layout->major);
  if (!sizes_are_possible(file)) return bad_format("pg_control holds block or segment sizes that can't be");
  if (file.state > ClusterState::in_production) return bad_format("pg_control holds an unknown cluster state");
  return file;
}

namespace {

/// PostgreSQL's write and our read are not atomic to each other: reads again until the CRC fits.
template <typename Read>
ControlFileRead read_until_sound(const std::string& name, Clock& clock, Read read) {
  constexpr int attempts = 10;
  constexpr auto pause = std::chrono::milliseconds(10);
  Bytes before;
  for (int attempt = 1;; ++attempt) {
    Bytes raw = read();
    auto parsed = parse_control_file(raw);
    if (parsed) return {*parsed, std::move(raw)};
    // Twice the same is no accident of that kind.
    const bool settled = equal(raw, before) || parsed.error().kind() == ErrorKind::unsupported;
    if (settled || attempt == attempts) throw std::move(parsed.error()).with_context("reading " + name);
    before = std::move(raw);
    clock.sleep(pause, {});
  }
}

constexpr std::size_t largest_control_file = 64 << 10;

}  // namespace

ControlFileRead read_control_file(const std::filesystem::path& data_directory, Clock& clock) {
  const auto path = data_directory / "global" / "pg_control";
  return read_until_sound(path.string(), clock, [&] { return os::read_file(path, largest_control_file); });
}

ControlFileRead read_control_file(const os::FileDescriptor& file, const std::string& name, Clock& clock) {
  return read_until_sound(name, clock, [&] {
    Bytes raw(largest_control_file);
    raw.resize(os::read_at(file, raw, 0, name));
    return raw;
  });
}

Bytes poison_checkpoint(ByteView control_file) {
  constexpr std::uint64_t no_checkpoint = 0xDEAD;  // within a page's legal range for every WAL block size
  const Layout layout = value_or_throw(layout_of(control_file));
  Bytes out = to_bytes(control_file);
  set_field(out, at::checkpoint, no_checkpoint);
  set_field(out, layout.crc, computed_crc(out, layout));
  return out;
}

}  // namespace owl::postgres
