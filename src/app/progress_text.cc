#include "app/progress_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/units.h"

namespace owl::app {
namespace {

/// Beyond it an estimate is no help, and soon no number of nanoseconds either.
constexpr std::chrono::hours longest_estimate{24 * 100};

}  // namespace

std::string progress_text(std::string_view phase, std::uint64_t done, std::uint64_t total, std::string_view unit,
                          double seconds) {
  const bool bytes = unit == "bytes";
  const auto amount = [&](std::uint64_t n) { return bytes ? format_bytes(n) : fmt::format("{}", n); };
  std::string text(phase);
  if (done == 0 && total == 0) return text;
  text += " " + amount(done);
  if (total > 0) text += fmt::format(" of {}, {} %", amount(total), std::min<std::uint64_t>(100, done * 100 / total));
  if (!bytes) text += fmt::format(" {}", unit);
  if (seconds > 0.5 && done > 0) {
    const double rate = static_cast<double>(done) / seconds;
    if (bytes) text += fmt::format(", {}/s", format_bytes(static_cast<std::uint64_t>(rate)));
    const std::chrono::duration<double> left(total > done ? static_cast<double>(total - done) / rate : 0);
    if (total > done && left < longest_estimate) {
      text += fmt::format(", {} left", format_duration(std::chrono::duration_cast<std::chrono::nanoseconds>(left)));
    }
  }
  return text;
}

std::string table_text(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(headings.size());
  for (std::size_t i = 0; i < headings.size(); ++i) {
    widths[i] = headings[i].size();
    for (const auto& row : rows) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) text += fmt::format("{:<{}}  ", cells[i], widths[i]);
    while (text.ends_with(' ')) text.pop_back();
    text += '\n';
  };
  add_line(headings);
  for (const auto& row : rows) add_line(row);
  return text;
}

}  // namespace owl::app
