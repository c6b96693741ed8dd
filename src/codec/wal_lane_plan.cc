#include "codec/wal_lane_plan.h"

#include <algorithm>
#include <limits>

#include "codec/columns.h"
#include "codec/entropy.h"

namespace owl::codec {
namespace {

/// Fewer rows tell too little, and gain little.
constexpr std::size_t least_rows = 128;
constexpr std::size_t sample_rows = 512, sample_bytes = 64u << 10;
/// Text in columns is worse than text as it is, and gets dearer to look at.
constexpr std::size_t widest = 64;
constexpr std::size_t most_known = 4096;
constexpr std::size_t most_trials = 8;

/// Of a column, cut into planes: what each costs, in 1/256 bits a row.
struct ColumnCost {
  unsigned total = 0;
  std::array<std::uint8_t, 8> places{};
};

/// The sample's rows and what each way to cut them would cost.
class Sample {
 public:
  Sample(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids, const RowBases& bases) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      sizes_[i] = rows[i].size;
      places_[i] = bases.of(rows[i]);
      xids_[i] = xids[i];
    }
    count_ = rows.size();
  }

  /// Bytes that nearly all rows have; keeps the rows that have them.
  std::size_t keep_usual_width() {
    auto sorted = sizes_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(count_ / 50);
    std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(count_));
    const std::size_t width = std::min<std::size_t>(*middle, widest);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      if (sizes_[i] < width) continue;
      places_[kept] = places_[i];
      xids_[kept++] = xids_[i];
    }
    count_ = kept;
    return width;
  }

  bool varies(std::size_t at) const {
    for (std::size_t i = 1; i < count_; ++i) {
      if (places_[i][at] != places_[0][at]) return true;
    }
    return false;
  }

  ColumnCost cost(LaneForm form, std::size_t at) const {
    switch (width_of(form)) {
      case 1:
        return cost_of<std::uint8_t>(form, at);
      case 2:
        return cost_of<std::uint16_t>(form, at);
      case 4:
        return cost_of<std::uint32_t>(form, at);
      default:
        return cost_of<std::uint64_t>(form, at);
    }
  }

 private:
  template <typename T>
  ColumnCost cost_of(LaneForm form, std::size_t at) const {
    std::array<T, sample_rows> values, deltas;
    for (std::size_t i = 0; i < count_; ++i) std::memcpy(&values[i], places_[i] + at, sizeof(T));
    if (form == LaneForm::byte) {
      deltas = values;
    } else if (form == LaneForm::xid4) {
      for (std::size_t i = 0; i < count_; ++i) deltas[i] = zigzag(static_cast<T>(values[i] - static_cast<T>(xids_[i])));
    } else {
      to_deltas(values.data(), count_, values[0], deltas.data());
    }
    ColumnCost out;
    for (unsigned byte = 0; byte < sizeof(T); ++byte) {
      ByteHistogram histogram;
      bool constant = true;
      for (std::size_t i = 0; i < count_; ++i) {
        const auto one = static_cast<std::uint8_t>(deltas[i] >> (8 * byte));
        constant &= one == static_cast<std::uint8_t>(deltas[0] >> (8 * byte));
        histogram.add(one);
      }
      const unsigned entropy = constant ? 0 : histogram.bits();
      out.total += entropy;
      out.places[byte] = constant ? LanePlan::constant : static_cast<std::uint8_t>(entropy_class_of(entropy));
    }
    return out;
  }

  std::array<std::uint32_t, sample_rows> sizes_{}, xids_{};
  std::array<const std::uint8_t*, sample_rows> places_{};
  std::size_t count_ = 0;
};

/// The cheapest way to cover the first bytes of every row, by the entropy of each plane.
class CheapestCover {
 public:
  CheapestCover(const Sample& sample, std::size_t width) : steps_(width + 1) {
    for (auto& step : steps_) step.total = std::numeric_limits<unsigned>::max();
    steps_[0].total = 0;
    for (std::size_t at = 0; at < width; ++at) {
      relax(sample, LaneForm::byte, at);
      if (!sample.varies(at)) continue;  // the lowest byte of a number that differs, varies
      for (const auto form : {LaneForm::delta1, LaneForm::delta2, LaneForm::delta4, LaneForm::delta8, LaneForm::xid4}) {
        if (at + width_of(form) <= width) relax(sample, form, at);
      }
    }
  }

  LanePlan plan() const {
    std::vector<const Step*> path;
    for (std::size_t end = steps_.size() - 1; end > 0; end -= width_of(steps_[end].form)) path.push_back(&steps_[end]);
    LanePlan plan;
    for (const auto* step : reversed_copy(path)) {
      std::copy_n(step->places.begin(), width_of(step->form), plan.places.begin() + plan.width);
      plan.add(step->form);
    }
    return plan;
  }

 private:
  struct Step {
    unsigned total = 0;
    LaneForm form = LaneForm::byte;
    std::array<std::uint8_t, 8> places{};
  };

  static std::vector<const Step*> reversed_copy(std::vector<const Step*> path) {
    std::reverse(path.begin(), path.end());
    return path;
  }

  /// A difference must gain something: it is dearer to undo, and hides what repeats.
  void relax(const Sample& sample, LaneForm form, std::size_t at) {
    constexpr unsigned least_gain = 64;
    const auto cost = sample.cost(form, at);
    const unsigned total = steps_[at].total + cost.total + (form == LaneForm::byte ? 0 : least_gain);
    auto& step = steps_[at + width_of(form)];
    if (total < step.total) step = {total, form, cost.places};
  }

  std::vector<Step> steps_;
};

LanePlan prefix(const LanePlan& plan, std::size_t count) {
  LanePlan out;
  out.places = plan.places;
  for (std::size_t i = 0; i < count; ++i) out.add(plan.forms[i]);
  return out;
}

}  // namespace

LanePlan& LanePlanner::plan_for(std::uint64_t key, std::span<const LaneRow> rows, std::span<const std::uint32_t> xids,
                                const RowBases& bases) {
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  if (rows.size() < least_rows) return passing_ = {};
  if (known_.size() >= most_known) known_.clear();
  const std::size_t from = (rows.size() - std::min(rows.size(), sample_rows)) / 2;
  std::size_t count = 0, bytes = 0;
  while (from + count < rows.size() && count < sample_rows && bytes < sample_bytes) bytes += rows[from + count++].size;
  return known_[key] = choose(rows.subspan(from, count), xids.subspan(from, count), bases);
}

LanePlan LanePlanner::choose(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids,
                             const RowBases& bases) {
  Sample sample(rows, xids, bases);
  const std::size_t width = sample.keep_usual_width();
  if (width == 0) return {};
  const LanePlan plan = CheapestCover(sample, width).plan();
  const bool whole = std::ranges::all_of(rows, [&](const LaneRow& row) { return row.size == width; });
  return whole ? plan : shorten(plan, rows, xids, bases);
}

/// How many of the columns pay, where text follows: by trial.
LanePlan LanePlanner::shorten(const LanePlan& whole, std::span<const LaneRow> rows, std::span<const std::uint32_t> xids,
                              const RowBases& bases) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 1; i < whole.count; ++i) {
    if (whole.forms[i - 1] != LaneForm::byte || whole.forms[i] != LaneForm::byte || i % 4 == 0) ends.push_back(i);
  }
  ends.push_back(whole.count);
  const std::size_t step = (ends.size() + most_trials - 1) / most_trials;
  LanePlan best;
  std::size_t least = stored_size(rows, xids, bases, best);
  for (std::size_t i = ends.size(); i > 0; i -= std::min(i, step)) {
    const auto plan = prefix(whole, ends[i - 1]);
    const std::size_t size = stored_size(rows, xids, bases, plan);
    if (size >= least) continue;
    least = size;
    best = plan;
  }
  return best;
}

std::size_t LanePlanner::stored_size(std::span<const LaneRow> rows, std::span<const std::uint32_t> xids,
                                     const RowBases& bases, LanePlan plan) {
  streams_.clear();
  writer_.put(rows, xids, bases, plan, streams_);
  std::size_t total = 0;
  for (std::size_t i = 0; i < streams_.count(); ++i) {
    const auto plain = streams_.view(i);
    if (room_.size() < ZstdEncoder::bound(plain.size())) room_.resize(ZstdEncoder::bound(plain.size()));
    total += zstd_.encode(plain, room_).size;
  }
  return total;
}

}  // namespace owl::codec
