#include "wal/change_history.h"

#include <fmt/core.h>

#include <algorithm>

#include "concurrency/task_group.h"
#include "wal/local_segment.h"
#include "wal/server_folder.h"

namespace owl::wal {
namespace {

using postgres::Lsn;
using postgres::to_text;

/// What is known of one segment: its map, or why there is none.
struct Known {
  std::optional<ChangeMap> map;
  std::string why_not;
};

class History {
 public:
  History(const ChangeHistoryQuery& query, const postgres::TimelinePath& path, Fetcher& fetcher, std::stop_token stop)
      : query_(query), path_(path), fetcher_(fetcher), stop_(std::move(stop)), builder_(query.from, query.to) {}

  ChangeUnion run() {
    const std::uint64_t first = query_.from.value / query_.segment_size, last = last_number();
    for (std::uint64_t begin = first; begin < last; begin += at_once) join(begin, std::min(at_once, last - begin));
    join_last(last);
    if (!witnessed_) hole(first, "the segment in which the earlier backup ended was not looked at");
    auto out = builder_.finish();
    out.holes.insert(out.holes.begin(), holes_.begin(), holes_.end());
    return out;
  }

 private:
  static constexpr std::uint64_t at_once = 64;
  static constexpr unsigned requests = 8;

  std::uint64_t last_number() const { return query_.to.value / query_.segment_size; }

  /// Where a timeline begins within a segment, its own file has all of it.
  postgres::SegmentId id_of(std::uint64_t number) const {
    const Lsn last_byte{(number + 1) * query_.segment_size - 1};
    return {path_.at(std::min(last_byte, query_.to)), number};
  }
  std::string name_of(std::uint64_t number) const { return postgres::to_file_name(id_of(number), query_.segment_size); }

  void hole(std::uint64_t number, std::string reason) {
    const Lsn begin{number * query_.segment_size};
    holes_.push_back({std::max(begin, query_.from), std::min(begin + query_.segment_size, query_.to), reason});
  }

  void join(std::uint64_t begin, std::uint64_t count) {
    std::vector<Known> known(count);
    parallel_for(count, requests, stop_, [&](std::size_t i, std::stop_token) { known[i] = look_up(begin + i); });
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!known[i].map) {
        hole(begin + i, std::move(known[i].why_not));
        continue;
      }
      witness(begin + i, *known[i].map);
      builder_.add(*known[i].map);
    }
  }

  /// A file that waits to be archived is the server's word of what it wrote, whatever the archive has under its name:
  /// after a roll-back that is another history. Of the others the archiver was told that the archive has their bytes.
  Known look_up(std::uint64_t number) {
    const auto name = name_of(number);
    if (is_marked(query_.data_directory, name, ".ready")) {
      if (auto local = read_local(number, std::nullopt)) return {std::move(local->map), {}};
    }
    auto known = look_into_archive(name);
    if (known.map) {
      if (number + 1 == last_number() && !agrees_with_pg_wal(number, *known.map)) {
        return {std::nullopt, fmt::format("{} holds other WAL in the archive than in pg_wal", name)};
      }
      return known;
    }
    if (auto local = read_local(number, std::nullopt)) return {std::move(local->map), {}};
    return known;
  }

  Known look_into_archive(const std::string& name) {
    try {
      auto info = fetcher_.info(name, stop_);
      if (!info) return {std::nullopt, fmt::format("WAL segment {} is not archived", name)};
      if (info->system_id != query_.system_id || info->file_name != name) {
        return {std::nullopt, fmt::format("the WAL object of {} holds something else", name)};
      }
      if (!info->segment.map) return {std::nullopt, fmt::format("WAL segment {} was archived without a map", name)};
      return {std::move(info->segment.map), {}};
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      return {std::nullopt, error.what()};
    }
  }

  /// Where the segment before the last still lies in pg_wal, it must be the one that was archived.
  bool agrees_with_pg_wal(std::uint64_t number, const ChangeMap& archived) {
    const auto local = read_local(number, std::nullopt);
    return !local || (local->map.last == archived.last && local->map.last_crc == archived.last_crc);
  }

  std::optional<LocalSegment> read_local(std::uint64_t number, std::optional<Lsn> record_at) {
    const auto archived = [&](const std::string& name) { return fetcher_.info(name, stop_); };
    try {
      return read_local_segment({query_.data_directory, id_of(number), query_.segment_size, query_.system_id},
                                record_at, archived);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      return std::nullopt;
    }
  }

  /// The segment with `to` is always read where the server writes it: a record must begin exactly there.
  void join_last(std::uint64_t number) {
    auto local = read_local(number, query_.to);
    if (!local) return hole(number, fmt::format("WAL segment {} can't be read in pg_wal", name_of(number)));
    if (!local->record_begins) return hole(number, fmt::format("no record begins at {} in pg_wal", to_text(query_.to)));
    witness(number, local->map);
    builder_.add(local->map);
  }

  void witness(std::uint64_t number, const ChangeMap& map) {
    if (query_.witness_at.value / query_.segment_size != number) return;
    witnessed_ = true;
    if (LastRecord{map.last, map.last_crc} == query_.witness) return;
    hole(number, fmt::format("{} does not end in the record that the earlier backup saw there: the server was rolled "
                             "back, or this is another history",
                             name_of(number)));
  }

  const ChangeHistoryQuery& query_;
  const postgres::TimelinePath& path_;
  Fetcher& fetcher_;
  const std::stop_token stop_;
  ChangeUnionBuilder builder_;
  std::vector<MapHole> holes_;
  bool witnessed_ = false;
};

}  // namespace

ChangeUnion read_change_history(const ChangeHistoryQuery& query, const postgres::TimelinePath& path, Fetcher& fetcher,
                                std::stop_token stop) {
  return History(query, path, fetcher, std::move(stop)).run();
}

std::optional<LastRecord> last_local_record(const ChangeHistoryQuery& query, postgres::TimelineId timeline,
                                            postgres::Lsn lsn) {
  const auto nothing_archived = [](const std::string&) { return std::optional<WalInfo>(); };
  const auto local = read_local_segment({query.data_directory, postgres::segment_of(timeline, lsn, query.segment_size),
                                         query.segment_size, query.system_id},
                                        std::nullopt, nothing_archived);
  if (!local || local->map.last.value == 0) return std::nullopt;
  return LastRecord{local->map.last, local->map.last_crc};
}

}  // namespace owl::wal
