#include "config/env_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "config/given.h"

namespace owl::config {
namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
/// What a backslash takes its meaning from between double quotes; before anything else it stays.
constexpr std::string_view escaped_in_quotes = "\"\\$`";

bool is_blank(char c) {
  return blanks.find(c) != std::string_view::npos;
}

/// Reads the value of one line, from behind the '='.
class ValueReader {
 public:
  explicit ValueReader(std::string_view rest) : rest_(rest) {}

  /// nullopt: a quote does not end.
  std::optional<std::string> read() {
    while (!rest_.empty() && !at_comment()) {
      if (!read_piece()) return std::nullopt;
    }
    value_.resize(std::max(kept_, value_.find_last_not_of(blanks) + 1));
    return std::move(value_);
  }

 private:
  /// A comment begins with a '#' at the start of a word.
  bool at_comment() const { return rest_.front() == '#' && after_blank_; }

  bool read_piece() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    const bool leading = value_.empty() && kept_ == 0;
    after_blank_ = is_blank(c);
    if (c == '\'') return read_single_quoted();
    if (c == '"') return read_double_quoted();
    if (c == '\\') return read_escaped();
    if (!(after_blank_ && leading)) value_ += c;
    return true;
  }

  bool read_single_quoted() {
    const auto end = rest_.find('\'');
    if (end == std::string_view::npos) return false;
    value_ += rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    keep();
    return true;
  }

  bool read_double_quoted() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        keep();
        return true;
      }
      if (c == '\\' && !rest_.empty() && escaped_in_quotes.find(rest_.front()) != std::string_view::npos) {
        read_escaped();
      } else {
        value_ += c;
      }
    }
    return false;
  }

  bool read_escaped() {
    if (rest_.empty()) return true;
    value_ += rest_.front();
    rest_.remove_prefix(1);
    keep();
    return true;
  }

  /// Blanks up to here were meant, and stay.
  void keep() { kept_ = value_.size(); }

  std::string_view rest_;
  std::string value_;
  std::size_t kept_ = 0;
  bool after_blank_ = false;
};

std::string_view without_export(std::string_view line) {
  static constexpr std::string_view word = "export";
  if (line.starts_with(word) && line.size() > word.size() && is_blank(line[word.size()])) {
    return trim(line.substr(word.size()));
  }
  return line;
}

Result<EnvVariable> parse_line(std::string_view line, std::string_view place, std::size_t number) {
  const auto assignment = without_export(line);
  const auto equals = assignment.find('=');
  const auto name = assignment.substr(0, equals);
  if (equals == std::string_view::npos || !is_variable_name(name)) {
    return tl::unexpected(config_error(place, "not a line of the form KEY=value"));
  }
  auto value = ValueReader(assignment.substr(equals + 1)).read();
  if (!value) return tl::unexpected(config_error(place, fmt::format("the quote in {} does not end", name)));
  if (value->find('\0') != std::string::npos) {
    return tl::unexpected(config_error(place, fmt::format("{} must not hold a NUL byte", name)));
  }
  return EnvVariable{.name = std::string(name), .value = std::move(*value), .line = number};
}

void set(std::vector<EnvVariable>& variables, EnvVariable variable) {
  std::erase_if(variables, [&](const EnvVariable& other) { return other.name == variable.name; });
  variables.push_back(std::move(variable));
}

}  // namespace

bool is_variable_name(std::string_view text) {
  static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
         text.find_first_not_of(letters) == std::string_view::npos;
}

Result<std::vector<EnvVariable>> parse_env_file(std::string_view text, std::string_view name) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<EnvVariable> variables;
  std::size_t number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty() || line.front() == '#') continue;
    auto variable = parse_line(line, fmt::format("{}:{}", name, number), number);
    if (!variable) return tl::unexpected(std::move(variable.error()));
    set(variables, std::move(*variable));
  }
  return variables;
}

}  // namespace owl::config
