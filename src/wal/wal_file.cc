#include "wal/wal_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/units.h"

namespace owl::wal {
namespace {

WalInfo::Segment checked_segment(const WalSource& source, const postgres::WalFileName& name, ByteView plain,
                                 const FindUnfinished& find_unfinished) {
  const auto& control = source.control;
  const auto id = value_or_throw(postgres::parse_segment_name(name.segment_text, control.wal_segment_size));
  if (plain.size() != control.wal_segment_size) {
    throw Error(ErrorKind::refused, fmt::format("{} has {} bytes, a WAL segment of this cluster has {}", source.path,
                                                plain.size(), control.wal_segment_size))
        .with_hint("It was cut short by a full disk or by a copy; PostgreSQL will offer it again.");
  }
  const auto header = postgres::check_segment(plain, id);
  if (!header) {
    throw Error(ErrorKind::refused, fmt::format("{} is not {}: {}", source.path, name.text, header.error().message()));
  }
  if (header->system_id != control.system_id) {
    throw Error(ErrorKind::conflict,
                fmt::format("{} was written by another cluster (system id {}, this data directory is {})", source.path,
                            header->system_id, control.system_id));
  }
  const auto before = find_unfinished(source, plain, *header);
  return describe_segment(plain, id, *header, before ? &*before : nullptr);
}

}  // namespace

WalSource open_wal_source(const std::filesystem::path& file, const std::filesystem::path& data_directory,
                          Clock& clock) {
  return {file.filename().string(),      file.string(),
          os::open_file(file, O_RDONLY), postgres::read_control_file(data_directory, clock).parsed,
          identity_of(data_directory),   file.parent_path(),
          data_directory.string()};
}

ByteView WalFileReader::read_whole(const WalSource& source) {
  constexpr std::uint64_t largest = 1 * GiB;  // of a segment (initdb's --wal-segsize)
  struct ::stat status {};
  if (::fstat(source.file.get(), &status) != 0) {
    const int error = errno;
    throw Error(kind_of_errno(error), fmt::format("can't tell the size of {}", source.path)).with_errno(error);
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > largest)
    throw Error(ErrorKind::refused, fmt::format("{} has {} bytes, more than any WAL file", source.path, size));
  if (room_.capacity() < size) room_ = os::AlignedBuffer(size);
  room_.resize(size);
  room_.resize(os::read_at(source.file, room_.whole().first(size), 0, source.path));
  return room_.view();
}

WalFile WalFileReader::read(const WalSource& source, const FindUnfinished& find_unfinished) {
  WalFile out{value_or_throw(postgres::parse_wal_file_name(source.name)), {}, {}};
  const ByteView plain = read_whole(source);
  out.info.system_id = source.control.system_id;
  out.info.file_name = out.name.text;
  out.info.plain_size = plain.size();
  if (out.name.kind == postgres::WalFileKind::segment || out.name.kind == postgres::WalFileKind::partial_segment) {
    out.info.segment = checked_segment(source, out.name, plain, find_unfinished);
  }
  if (out.name.kind == postgres::WalFileKind::history) {
    // One that can't be read is archived as it is: it is PostgreSQL's, and a person may mend it.
    if (auto history = postgres::parse_timeline_history(plain)) out.info.history = std::move(*history);
  }
  out.info.tag = namer_.name(crypto::BlobKind::wal, plain);
  out.content = compressor_.compress(plain);
  if (room_.capacity() > most_kept_room) room_ = {};
  return out;
}

}  // namespace owl::wal
