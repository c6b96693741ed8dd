#include "codec/wal_lane.h"

#include <algorithm>
#include <cstring>

#include "codec/columns.h"
#include "codec/small_copy.h"

namespace owl::codec {
namespace {

/// Rows are worked on in stretches that stay in the first-level cache.
constexpr std::size_t stretch = 256;

/// Some neighbouring bytes of every row that are handled as one number: one column, or a run of single bytes.
struct Group {
  LaneForm form = LaneForm::byte;
  std::uint8_t width = 1;  ///< 1, 2, 4 or 8 bytes
  std::uint8_t at = 0;     ///< in the row, which is also the number of its first plane
  std::uint64_t previous = 0;
};

/// Single bytes side by side are read together.
template <typename Visit>
void for_each_group(const LanePlan& plan, Visit visit) {
  std::uint8_t at = 0;
  for (std::size_t i = 0; i < plan.count;) {
    Group group{.form = plan.forms[i], .width = static_cast<std::uint8_t>(width_of(plan.forms[i])), .at = at};
    std::size_t run = 1;
    if (group.form == LaneForm::byte) {
      while (i + run < plan.count && plan.forms[i + run] == LaneForm::byte && run < 8) ++run;
      run = run >= 8 ? 8 : run >= 4 ? 4 : run >= 2 ? 2 : 1;
      group.width = static_cast<std::uint8_t>(run);
    }
    visit(group);
    i += run;
    at = static_cast<std::uint8_t>(at + group.width);
  }
}

bool has_base(LaneForm form) {
  return form != LaneForm::byte && form != LaneForm::xid4;
}

/// Calls `work` with a number of the group's width.
template <typename Work>
void with_type(const Group& group, Work work) {
  switch (group.width) {
    case 1:
      return work(std::uint8_t{});
    case 2:
      return work(std::uint16_t{});
    case 4:
      return work(std::uint32_t{});
    default:
      return work(std::uint64_t{});
  }
}

/// Cuts a lane's rows up, stretch by stretch.
class Cutter {
 public:
  Cutter(LanePlan& plan, const RowBases& bases, StreamSet& streams) : plan_(plan), bases_(bases), streams_(streams) {
    for_each_group(plan, [&](const Group& group) { groups_[group_count_++] = {group, 0, 0, false}; });
  }

  /// False: a plane that was taken for constant is not; the plan says so now.
  bool cut(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids, std::size_t chosen) {
    place_planes(chosen);
    for (std::size_t i = 0; i < rows.size();) {
      std::size_t count = 0;
      for (; i < rows.size() && count < stretch; ++i) {
        if (rows[i].size < plan_.width) continue;
        places_[count] = bases_.of(rows[i]);
        __builtin_prefetch(places_[count]);
        xids_[count++] = xids[i];
      }
      for (std::size_t g = 0; g < group_count_; ++g) {
        with_type(groups_[g].group, [&](auto zero) { cut_group<decltype(zero)>(groups_[g], count); });
      }
    }
    return correct_constants();
  }

  void commit(std::size_t chosen) {
    for (std::size_t place = 0; place < planes_in_.size(); ++place) {
      streams_.commit(wal_stream::first_plane + place, planes_in_[place] * chosen);
    }
    streams_.byte(wal_stream::control, plan_.count);
    for (std::size_t i = 0; i < plan_.count; ++i) {
      streams_.byte(wal_stream::control, static_cast<std::uint8_t>(plan_.forms[i]));
    }
    streams_.bytes(wal_stream::control, ByteView(plan_.places).first(plan_.width));
    for (std::size_t g = 0; g < group_count_; ++g) put_constants(groups_[g]);
  }

 private:
  struct Cut {
    Group group;
    std::uint64_t first, varying;
    bool begun;
    std::uint64_t base = 0;
  };

  void place_planes(std::size_t chosen) {
    planes_in_.fill(0);
    for (std::size_t plane = 0; plane < plan_.width; ++plane) {
      if (plan_.places[plane] != LanePlan::constant) ++planes_in_[plan_.places[plane]];
    }
    std::array<std::uint8_t*, wal_stream::plane_classes> next{};
    for (std::size_t place = 0; place < next.size(); ++place) {
      next[place] = streams_.room(wal_stream::first_plane + place, planes_in_[place] * chosen);
    }
    for (std::size_t plane = 0; plane < plan_.width; ++plane) {
      const auto place = plan_.places[plane];
      planes_[plane] = place == LanePlan::constant ? nullptr : next[place];
      if (place != LanePlan::constant) next[place] += chosen;
    }
  }

  template <typename T>
  void cut_group(Cut& cut, std::size_t count) {
    if (count == 0) return;
    alignas(64) std::array<T, stretch> values, deltas;
    const std::size_t at = cut.group.at;
    for (std::size_t i = 0; i < count; ++i) values[i] = load<T>(places_[i] + at);
    if (!cut.begun) cut.base = cut.group.previous = values[0];
    const T* out = values.data();
    if (has_base(cut.group.form)) {
      cut.group.previous = to_deltas(values.data(), count, static_cast<T>(cut.group.previous), deltas.data());
      out = deltas.data();
    } else if (cut.group.form == LaneForm::xid4) {
      for (std::size_t i = 0; i < count; ++i) deltas[i] = zigzag(static_cast<T>(values[i] - static_cast<T>(xids_[i])));
      out = deltas.data();
    }
    if (!cut.begun) cut.first = out[0];
    cut.begun = true;
    const auto first = static_cast<T>(cut.first);
    T varying = 0;
    for (std::size_t i = 0; i < count; ++i) varying = static_cast<T>(varying | (out[i] ^ first));
    cut.varying |= varying;
    for (unsigned byte = 0; byte < sizeof(T); ++byte) {
      auto& plane = planes_[at + byte];
      if (plane == nullptr) continue;
      put_plane(out, count, byte, plane);
      plane += count;
    }
  }

  bool correct_constants() {
    bool right = true;
    for (std::size_t g = 0; g < group_count_; ++g) {
      for (std::size_t byte = 0; byte < groups_[g].group.width; ++byte) {
        auto& place = plan_.places[groups_[g].group.at + byte];
        if (place != LanePlan::constant || (groups_[g].varying >> (8 * byte) & 0xff) == 0) continue;
        place = 0;
        right = false;
      }
    }
    return right;
  }

  void put_constants(const Cut& cut) {
    if (has_base(cut.group.form)) {
      for (std::size_t byte = 0; byte < cut.group.width; ++byte) {
        streams_.byte(wal_stream::control, static_cast<std::uint8_t>(cut.base >> (8 * byte)));
      }
    }
    for (std::size_t byte = 0; byte < cut.group.width; ++byte) {
      if (plan_.places[cut.group.at + byte] != LanePlan::constant) continue;
      streams_.byte(wal_stream::control, static_cast<std::uint8_t>(cut.first >> (8 * byte)));
    }
  }

  LanePlan& plan_;
  const RowBases& bases_;
  StreamSet& streams_;
  std::array<Cut, LanePlan::largest_width> groups_;
  std::size_t group_count_ = 0;
  std::array<std::uint8_t*, LanePlan::largest_width> planes_;
  std::array<std::size_t, wal_stream::plane_classes> planes_in_{};
  std::array<const std::uint8_t*, stretch> places_;
  std::array<std::uint32_t, stretch> xids_;
};

bool sizes_are_alike(std::span<const LaneRow> rows) {
  std::uint32_t different = 0;
  for (const auto& row : rows) different |= row.size ^ rows.front().size;
  return different == 0;
}

}  // namespace

void LaneWriter::put_sizes(std::span<const LaneRow> rows, StreamSet& streams) {
  if (sizes_are_alike(rows)) return streams.varint(wal_stream::control, std::uint64_t{rows.front().size} + 1);
  streams.byte(wal_stream::control, 0);
  if (sizes_.size() < rows.size()) sizes_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) sizes_[i] = rows[i].size;
  numbers_.put(std::span(sizes_).first(rows.size()), streams);
}

void LaneWriter::put(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids, const RowBases& bases,
                     LanePlan& plan, StreamSet& streams) {
  if (rows.empty()) return;
  put_sizes(rows, streams);
  const bool cut = put_columns(rows, xids, bases, plan, streams);
  if (!cut) streams.byte(wal_stream::control, 0);
  put_text(rows, bases, cut ? plan.width : 0, streams);
}

bool LaneWriter::put_columns(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids, const RowBases& bases,
                             LanePlan& plan, StreamSet& streams) {
  if (plan.count == 0) return false;
  std::size_t chosen = 0;
  for (const auto& row : rows) chosen += row.size >= plan.width ? 1u : 0u;
  if (chosen == 0) return false;
  while (true) {
    Cutter cutter(plan, bases, streams);
    if (!cutter.cut(rows, xids, chosen)) continue;  // at most once: all that vary were found
    cutter.commit(chosen);
    return true;
  }
}

void LaneWriter::put_text(std::span<const LaneRow> rows, const RowBases& bases, std::size_t width, StreamSet& streams) {
  std::size_t total = 0;
  for (const auto& row : rows) total += row.size - (row.size >= width ? width : 0);
  if (total == 0) return;
  auto* to = streams.add(wal_stream::text, total);
  for (const auto& row : rows) {
    const std::size_t skipped = row.size >= width ? width : 0;
    copy_small(to, bases.of(row) + skipped, row.size - skipped);
    to += row.size - skipped;
  }
}

namespace {

LanePlan read_plan(StreamReader& reader) {
  LanePlan plan;
  const std::size_t count = reader.byte(wal_stream::control);
  if (count > LanePlan::largest_width) reader.fail();
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    const std::uint8_t form = reader.byte(wal_stream::control);
    if (form >= lane_forms || plan.width + width_of(static_cast<LaneForm>(form)) > LanePlan::largest_width) {
      reader.fail();
      break;
    }
    plan.add(static_cast<LaneForm>(form));
  }
  for (std::size_t plane = 0; plane < plan.width && reader.ok(); ++plane) {
    plan.places[plane] = reader.byte(wal_stream::control);
    if (plan.places[plane] > LanePlan::constant) reader.fail();
  }
  return plan;
}

/// Puts a lane's rows together, stretch by stretch.
class Joiner {
 public:
  Joiner(const LanePlan& plan, StreamReader& reader) : plan_(plan) {
    for_each_group(plan, [&](const Group& group) {
      groups_[group_count_] = {group, 0};
      read_constants(reader, groups_[group_count_++]);
    });
  }

  bool find_planes(StreamReader& reader, std::size_t chosen) {
    for (std::size_t plane = 0; plane < plan_.width && reader.ok(); ++plane) {
      planes_[plane] = nullptr;
      if (plan_.places[plane] == LanePlan::constant) continue;
      planes_[plane] = reader.view(wal_stream::first_plane + plan_.places[plane], chosen).data();
    }
    return reader.ok();
  }

  /// Row i of the next `count` chosen ones begins at base + offsets[i].
  void join(std::uint8_t* base, const std::size_t* offsets, const std::uint32_t* xids, std::size_t count) {
    for (std::size_t g = 0; g < group_count_; ++g) {
      with_type(groups_[g].group,
                [&](auto zero) { join_group<decltype(zero)>(groups_[g], base, offsets, xids, count); });
    }
  }

 private:
  struct Join {
    Group group;
    std::uint64_t constant;
  };

  void read_constants(StreamReader& reader, Join& join) {
    if (has_base(join.group.form)) {
      for (std::size_t byte = 0; byte < join.group.width; ++byte) {
        join.group.previous |= std::uint64_t{reader.byte(wal_stream::control)} << (8 * byte);
      }
    }
    for (std::size_t byte = 0; byte < join.group.width; ++byte) {
      if (plan_.places[join.group.at + byte] != LanePlan::constant) continue;
      join.constant |= std::uint64_t{reader.byte(wal_stream::control)} << (8 * byte);
    }
  }

  template <typename T>
  void join_group(Join& join, std::uint8_t* base, const std::size_t* offsets, const std::uint32_t* xids,
                  std::size_t count) {
    alignas(64) std::array<T, stretch> values;
    std::fill_n(values.data(), count, static_cast<T>(join.constant));
    for (unsigned byte = 0; byte < sizeof(T); ++byte) {
      auto& plane = planes_[join.group.at + byte];
      if (plane == nullptr) continue;
      const auto* const from = plane;
      for (std::size_t i = 0; i < count; ++i) {
        values[i] = static_cast<T>(values[i] | static_cast<T>(static_cast<T>(from[i]) << (8 * byte)));
      }
      plane += count;
    }
    if (has_base(join.group.form)) {
      join.group.previous = from_deltas(values.data(), count, static_cast<T>(join.group.previous));
    } else if (join.group.form == LaneForm::xid4) {
      for (std::size_t i = 0; i < count; ++i) {
        values[i] = static_cast<T>(unzigzag(values[i]) + static_cast<T>(xids[i]));
      }
    }
    base += join.group.at;
    for (std::size_t i = 0; i < count; ++i) std::memcpy(base + offsets[i], &values[i], sizeof(T));
  }

  const LanePlan& plan_;
  std::array<Join, LanePlan::largest_width> groups_;
  std::size_t group_count_ = 0;
  std::array<const std::uint8_t*, LanePlan::largest_width> planes_;
};

}  // namespace

LaneReader::Lane LaneReader::read(StreamReader& reader, std::span<const std::uint32_t> xids, std::size_t limit) {
  Lane lane{.begin = used_, .first_size = sizes_.size()};
  const std::size_t rows = xids.size();
  if (rows == 0) return lane;
  const std::uint64_t size = reader.varint(wal_stream::control);
  std::uint64_t total = 0;
  if (size != 0) {
    lane.alike = true;
    if (size - 1 > limit) reader.fail();
    total = (size - 1) * rows;
    sizes_.push_back(static_cast<std::uint32_t>(reader.ok() ? size - 1 : 0));
  } else {
    sizes_.resize(lane.first_size + rows);
    const auto sizes = std::span(sizes_).subspan(lane.first_size);
    read_numbers(reader, sizes);
    for (const auto one : sizes) total += one;
  }
  if (total + used_ > limit) reader.fail();
  if (!reader.ok()) return lane;
  used_ += static_cast<std::size_t>(total);
  if (rows_.size() < used_) rows_.resize(used_);
  const LanePlan plan = read_plan(reader);
  if (reader.ok()) read_columns(reader, plan, xids, lane, rows);
  return lane;
}

std::uint8_t* LaneReader::add_rows(std::span<const std::uint32_t> sizes, std::size_t total, std::size_t limit,
                                   Lane& lane) {
  lane = {.begin = used_, .first_size = sizes_.size()};
  if (total > limit || used_ > limit - total) return nullptr;
  sizes_.insert(sizes_.end(), sizes.begin(), sizes.end());
  used_ += total;
  if (rows_.size() < used_) rows_.resize(used_);
  return rows_.data() + lane.begin;
}

void LaneReader::read_columns(StreamReader& reader, const LanePlan& plan, std::span<const std::uint32_t> xids,
                              const Lane& lane, std::size_t rows) {
  const auto size_of = [&](std::size_t i) { return std::size_t{sizes_[lane.first_size + (lane.alike ? 0 : i)]}; };
  std::size_t chosen = 0, columns = 0;
  for (std::size_t i = 0; i < rows; ++i) chosen += size_of(i) >= plan.width ? 1u : 0u;
  if (plan.width != 0) columns = chosen * plan.width;
  Joiner joiner(plan, reader);
  const auto text = reader.view(wal_stream::text, used_ - lane.begin - columns);
  if (!joiner.find_planes(reader, chosen)) return;
  const std::uint8_t* from = text.data();
  std::uint8_t* const base = rows_.data() + lane.begin;
  std::array<std::size_t, stretch> offsets;
  std::array<std::uint32_t, stretch> stretch_xids;
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows;) {
    std::size_t count = 0;
    for (; i < rows && count < stretch; ++i) {
      const std::size_t size = size_of(i), skipped = size >= plan.width ? plan.width : 0;
      if (skipped != 0) {
        offsets[count] = at;
        stretch_xids[count++] = xids[i];
      }
      if (size != skipped) copy_small(base + at + skipped, from, size - skipped);
      from += size - skipped;
      at += size;
    }
    joiner.join(base, offsets.data(), stretch_xids.data(), count);
  }
}

}  // namespace owl::codec
