#include "wal/local_segment.h"

#include "os/file.h"

namespace owl::wal {
namespace {

/// Looks for a record that begins at one place.
class RecordFinder final : public postgres::WalVisitor {
 public:
  explicit RecordFinder(postgres::Lsn at) : at_(at) {}
  void record(const postgres::WalRecord& record) override { found_ |= record.lsn == at_; }
  bool found() const { return found_; }

 private:
  postgres::Lsn at_;
  bool found_ = false;
};

bool begins_at(postgres::Lsn at, ByteView plain, const LocalSegmentQuery& query) {
  RecordFinder finder(at);
  postgres::WalWalker walker(query.segment_size);
  const auto progress = walker.feed(plain, query.id, finder);
  return finder.found() || (progress.record_unfinished && progress.next == at);
}

std::optional<Bytes> read_file(const std::filesystem::path& path) {
  constexpr std::uint64_t largest_segment = 1u << 30;
  try {
    return os::read_file_if_exists(path, largest_segment);
  } catch (const Error&) {
    return std::nullopt;  // out of sight
  }
}

}  // namespace

std::optional<LocalSegment> read_local_segment(
    const LocalSegmentQuery& query, std::optional<postgres::Lsn> record_at,
    const std::function<std::optional<WalInfo>(const std::string&)>& archived) {
  const auto folder = query.data_directory / "pg_wal";
  const auto plain = read_file(folder / postgres::to_file_name(query.id, query.segment_size));
  if (!plain || plain->size() != query.segment_size) return std::nullopt;
  const auto header = postgres::check_segment(*plain, query.id);
  if (!header || header->system_id != query.system_id) return std::nullopt;
  auto before = unfinished_in_folder(*plain, *header, folder);
  if (!before && record_continues_into(*plain)) before = unfinished_in_archive(*header, archived);
  auto described = describe_segment(*plain, query.id, *header, before ? &*before : nullptr);
  return LocalSegment{std::move(*described.map), record_at && begins_at(*record_at, *plain, query)};
}

}  // namespace owl::wal
