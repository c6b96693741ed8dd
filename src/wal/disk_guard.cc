#include "wal/disk_guard.h"

#include <fmt/core.h>

#include <array>

#include "base/units.h"

namespace owl::wal {
namespace {

constexpr std::array<unsigned, 3> thresholds{50, 75, 90};
constexpr unsigned slack_percent = 5;
constexpr std::chrono::minutes window{10};
constexpr std::chrono::seconds least_span{30};  ///< a rate out of less is noise

unsigned percent_used(const DiskSample& sample) {
  if (sample.total_bytes == 0) return 0;
  return static_cast<unsigned>(100 - sample.free_bytes * 100 / sample.total_bytes);
}

unsigned threshold_of(unsigned percent) {
  unsigned reached = 0;
  for (const auto threshold : thresholds) {
    if (percent >= threshold) reached = threshold;
  }
  return reached;
}

std::optional<std::chrono::seconds> time_until_full(const std::deque<DiskSample>& recent) {
  const auto& first = recent.front();
  const auto& last = recent.back();
  const auto span = last.at - first.at;
  if (span < least_span || last.free_bytes >= first.free_bytes) return std::nullopt;
  const double seconds = std::chrono::duration<double>(span).count();
  const double rate = static_cast<double>(first.free_bytes - last.free_bytes) / seconds;
  return std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(last.free_bytes) / rate));
}

}  // namespace

std::string to_text(const DiskState& state) {
  auto text = fmt::format("pg_wal's disk is {} % full, {} free", state.percent, format_bytes(state.free_bytes));
  if (state.time_left) text += fmt::format("; at this rate it is full in {}", format_duration(*state.time_left));
  return text;
}

std::optional<DiskState> DiskGuard::look(const DiskSample& sample) {
  recent_.push_back(sample);
  while (sample.at - recent_.front().at > window) recent_.pop_front();
  state_ = {percent_used(sample), threshold_of(percent_used(sample)), time_until_full(recent_), sample.free_bytes};
  const bool rose = state_.threshold > told_;
  const bool fell = told_ > 0 && state_.percent + slack_percent <= told_;
  if (!rose && !fell) return std::nullopt;
  told_ = state_.threshold;
  return state_;
}

}  // namespace owl::wal
