#include "wal/forerunner.h"

#include <fcntl.h>

#include <algorithm>
#include <map>

#include "os/file_descriptor.h"
#include "postgres/layout.h"
#include "postgres/wal_page.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::WalPageHeader;

constexpr std::uint64_t longest_record = 1u << 30;
/// More than any record's headers take.
constexpr std::size_t enough_of_a_record = 1024;

/// Reads the WAL before one segment, page by page and backwards, to where the record begins that reaches into it.
class BackwardReader {
 public:
  BackwardReader(const postgres::SegmentHeader& header, const ReadWal& read)
      : header_(header), read_(read), page_(header.block_size) {}

  /// The last page before the segment on which a record begins; its position in it, behind what came from before.
  struct Begin {
    Lsn page;
    std::size_t position;
  };
  std::optional<Begin> find_begin() {
    const std::uint64_t most_pages = longest_record / header_.block_size + 2;
    Lsn at = header_.page_address;
    for (std::uint64_t i = 0; i < most_pages && at.value >= header_.block_size; ++i) {
      at = {at.value - header_.block_size};
      if (!load(at)) return std::nullopt;
      const auto head = postgres::read_page_header(page_);
      const std::uint64_t from_before = head.continues_record() ? postgres::aligned(head.remaining) : 0;
      if (from_before < page_.size() - head.size()) return Begin{at, head.size() + from_before};
    }
    return std::nullopt;
  }

  /// The last record that begins on that page and goes on behind it.
  std::optional<std::pair<Lsn, std::uint32_t>> last_record(const Begin& begin) {
    std::size_t position = begin.position;
    while (position + sizeof(std::uint32_t) <= page_.size()) {
      const auto size = postgres::field<std::uint32_t>(page_, position);
      if (size < 24 || size > longest_record) return std::nullopt;
      if (size > page_.size() - position) return std::pair{begin.page + position, size};
      position += postgres::aligned(size);
    }
    return std::nullopt;
  }

  /// Up to `size` bytes of the record that begins on the loaded page, as far as they lie before the segment.
  Bytes first_bytes(Lsn start, std::size_t size) {
    Bytes out;
    std::size_t position = start.value % page_.size();
    Lsn at{start.value - position};
    while (true) {
      const auto part = ByteView(page_).subspan(position);
      append(out, part.first(std::min(part.size(), size - out.size())));
      at = at + page_.size();
      if (out.size() == size || at >= header_.page_address || !load(at)) return out;
      position = postgres::read_page_header(page_).size();
    }
  }

 private:
  bool load(Lsn at) {
    if (!read_(at, page_)) return false;
    const auto head = postgres::read_page_header(page_);
    return head.magic == header_.magic && head.address == at && head.timeline <= header_.timeline;
  }

  const postgres::SegmentHeader& header_;
  const ReadWal& read_;
  Bytes page_;
};

}  // namespace

bool record_continues_into(ByteView plain) {
  return postgres::read_page_header(plain).continues_record();
}

std::optional<postgres::UnfinishedRecord> unfinished_before(ByteView plain, const postgres::SegmentHeader& header,
                                                            const ReadWal& read) {
  if (!record_continues_into(plain)) return std::nullopt;
  const auto head = postgres::read_page_header(plain);
  BackwardReader reader(header, read);
  const auto begin = reader.find_begin();
  if (!begin) return std::nullopt;
  const auto found = reader.last_record(*begin);
  if (!found) return std::nullopt;
  const auto [start, total_size] = *found;
  if (head.remaining >= total_size) return std::nullopt;
  const std::uint32_t seen = total_size - head.remaining;
  auto bytes = reader.first_bytes(start, std::min<std::size_t>(seen, enough_of_a_record));
  if (bytes.size() < sizeof(std::uint32_t)) return std::nullopt;
  auto record = postgres::begin_unfinished(bytes, start, header.major);
  record.seen = seen;
  return record;
}

std::optional<postgres::UnfinishedRecord> unfinished_in_folder(ByteView plain, const postgres::SegmentHeader& header,
                                                               const std::filesystem::path& folder) {
  std::map<std::uint64_t, os::FileDescriptor> files;  // by segment number
  const ReadWal read = [&](Lsn at, MutableBytes out) {
    const auto id = postgres::segment_of(header.timeline, at, header.segment_size);
    const auto path = folder / postgres::to_file_name(id, header.segment_size);
    auto [file, is_new] = files.try_emplace(id.number);
    if (is_new) file->second = os::open_if_exists(path, O_RDONLY);
    if (!file->second.valid()) return false;
    return os::read_at(file->second, out, at.value % header.segment_size, path.string()) == out.size();
  };
  return unfinished_before(plain, header, read);
}

std::optional<postgres::UnfinishedRecord> unfinished_in_archive(
    const postgres::SegmentHeader& header, const std::function<std::optional<WalInfo>(const std::string&)>& info) {
  const std::uint64_t number = header.page_address.value / header.segment_size;
  const std::uint64_t most = longest_record / header.segment_size + 1;
  std::vector<CarryIn> parts;  // the latest first
  for (std::uint64_t back = 1; back <= most && back <= number; ++back) {
    const auto name = postgres::to_file_name({header.timeline, number - back}, header.segment_size);
    auto before = info(name);
    if (!before || !before->segment.map) return std::nullopt;
    auto& map = *before->segment.map;
    if (map.out) {
      for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        if (!part->resolved) return std::nullopt;
        postgres::append_part(*map.out, part->part);
      }
      return std::move(map.out);
    }
    // Only a segment that one record fills from end to end has neither a beginning nor an end of one.
    if (!map.in || map.in->dropped || map.first.value != 0 || map.in->part.size >= map.in->remaining)
      return std::nullopt;
    parts.push_back(std::move(*map.in));
  }
  return std::nullopt;
}

}  // namespace owl::wal
