#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "postgres/wal_sample_records.h"
#include "wal/change_collector.h"
#include "wal/change_union.h"
#include "wal/forerunner.h"
#include "wal/wal_object.h"

namespace owl::wal {

/// Segments as pushes see them: each described alone, with the one before read where it lies.
class DescribedWal {
 public:
  explicit DescribedWal(const std::vector<Bytes>& segments, postgres::SegmentId first, bool with_before = true)
      : segments_(segments) {
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const auto header = value_or_throw(postgres::parse_segment_header(segments[i]));
      begin_ = i == 0 ? header.page_address : begin_;
      const ReadWal read = [&](postgres::Lsn at, MutableBytes out) { return read_at(at, out); };
      std::optional<postgres::UnfinishedRecord> before;
      if (with_before && i > 0) before = unfinished_before(segments[i], header, read);
      described.push_back(
          describe_segment(segments[i], {first.timeline, first.number + i}, header, before ? &*before : nullptr));
    }
  }

  /// Through the stored form, so that it is part of every test.
  std::vector<ChangeMap> stored_maps() const {
    std::vector<ChangeMap> maps;
    for (const auto& segment : described) {
      WalInfo info;
      info.file_name = "000000010000000000000003";
      info.segment = segment;
      maps.push_back(*value_or_throw(parse_wal_info(serialize(info))).segment.map);
      EXPECT_EQ(maps.back(), *segment.map);
    }
    return maps;
  }
  ChangeUnion united(postgres::Lsn from, postgres::Lsn to) const {
    const auto maps = stored_maps();
    std::vector<const ChangeMap*> pointers;
    for (const auto& map : maps) pointers.push_back(&map);
    return union_of(pointers, from, to);
  }

  std::vector<WalInfo::Segment> described;

 private:
  bool read_at(postgres::Lsn at, MutableBytes out) const {
    const std::uint64_t offset = at - begin_, size = segments_[0].size();
    if (at < begin_ || offset / size >= segments_.size()) return false;
    std::ranges::copy(ByteView(segments_[offset / size]).subspan(offset % size, out.size()), out.begin());
    return true;
  }

  const std::vector<Bytes>& segments_;
  postgres::Lsn begin_;
};

/// What one walk over all the segments finds changed.
struct WholeWalk {
  explicit WholeWalk(const std::vector<Bytes>& segments, postgres::SegmentId first,
                     std::uint32_t segment_size = postgres::WalBuilder::segment_size) {
    ChangeCollector collector;
    postgres::WalWalker walker(segment_size);
    for (std::size_t i = 0; i < segments.size(); ++i) {
      progress = walker.feed(segments[i], {first.timeline, first.number + i}, collector);
    }
    progress.unfinished = {};
    poison = collector.poison();
    changes = collector.take_changes();
  }
  ChangedBlocks changes;
  std::vector<Poison> poison;
  postgres::WalWalker::Progress progress;
};

}  // namespace owl::wal
