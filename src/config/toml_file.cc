#include "config/toml_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/text.h"

namespace owl::config {
namespace {

constexpr std::size_t most_dots_in_line = 200;

/// The parser of TOML recurses for each part of a dotted key, so a line of nothing but dots would overrun the stack.
std::optional<std::size_t> line_of_too_many_dots(std::string_view text) {
  std::size_t number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    char quote = 0;
    std::size_t dots = 0;
    for (const char c : line) {
      if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      } else if (quote == 0 && c == '.') {
        ++dots;
      }
    }
    if (dots > most_dots_in_line) return number;
  }
  return std::nullopt;
}

/// As it would be written in TOML.
std::string written(const toml::node& node) {
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* text = node.as_string()) return text->get();
  std::ostringstream out;
  if (const auto* date = node.as_date()) out << date->get();
  if (const auto* time = node.as_time()) out << time->get();
  if (const auto* moment = node.as_date_time()) out << moment->get();
  return out.str();
}

ValueKind kind_of(const toml::node& node) {
  if (node.is_string()) return ValueKind::text;
  if (node.is_integer()) return ValueKind::number;
  if (node.is_floating_point()) return ValueKind::real;
  if (node.is_boolean()) return ValueKind::flag;
  if (node.is_table()) return ValueKind::section;
  if (node.is_array()) return ValueKind::list;
  return ValueKind::date;
}

Value value_of(const toml::node& node) {
  Value value{.kind = kind_of(node), .text = {}, .list = {}};
  if (const auto* array = node.as_array()) {
    for (const auto& item : *array) {
      if (!item.is_string()) return {.kind = ValueKind::other_list, .text = {}, .list = {}};
      value.list.push_back(written(item));
    }
  } else if (!node.is_table()) {
    value.text = written(node);
  }
  return value;
}

using Position = std::pair<toml::source_index, toml::source_index>;  ///< line, column

Position position_of(const toml::node& node) {
  return {node.source().begin.line, node.source().begin.column};
}

/// Where a node, or the first thing in it, stands: a section that only dotted keys made has no line of its own.
Position first_position(const toml::node& node) {
  auto first = position_of(node);
  if (const auto* table = node.as_table()) {
    for (const auto& [key, child] : *table) {
      const auto position = first_position(child);
      if (first.first == 0 || position < first) first = position;
    }
  }
  return first;
}

/// Walks the tree into a flat list; tables come sorted by name, so the file's order is made again from positions.
class Flattener {
 public:
  explicit Flattener(const std::filesystem::path& file) : file_(file) {}

  void add_children(const toml::table& table, const std::string& prefix) {
    std::vector<std::pair<Position, std::pair<std::string, const toml::node*>>> children;
    for (const auto& [key, child] : table) {
      children.push_back({first_position(child), {prefix + std::string(key.str()), &child}});
    }
    std::ranges::sort(children);
    for (const auto& [position, child] : children) add(position, child.first, *child.second);
  }

  std::vector<Given> take() { return std::move(given_); }

 private:
  void add(const Position& position, const std::string& key, const toml::node& node) {
    given_.push_back(Given{.key = key,
                           .value = value_of(node),
                           .place = fmt::format("{}:{}", file_.native(), position.first),
                           .folder = file_.parent_path()});
    if (const auto* table = node.as_table()) add_children(*table, key + ".");
  }

  const std::filesystem::path& file_;
  std::vector<Given> given_;
};

Error syntax_error(const std::filesystem::path& file, std::size_t line, std::size_t column, std::string_view what) {
  return Error(ErrorKind::config, fmt::format("{}:{}:{}: not valid TOML: {}", file.native(), line, column, what));
}

/// "Error while parsing key-value pair: …" without its first words.
std::string_view description_of(const toml::parse_error& error) {
  static constexpr std::string_view opening = "Error while ";
  const auto text = error.description();
  return text.starts_with(opening) ? text.substr(opening.size()) : text;
}

}  // namespace

Result<std::vector<Given>> parse_toml(std::string_view text, const std::filesystem::path& file) {
  if (const auto line = line_of_too_many_dots(text)) {
    return tl::unexpected(syntax_error(file, *line, 1, fmt::format("more than {} dots", most_dots_in_line)));
  }
  const auto parsed = toml::parse(text);
  if (!parsed) {
    const auto& at = parsed.error().source().begin;
    return tl::unexpected(syntax_error(file, at.line, at.column, description_of(parsed.error())));
  }
  Flattener flattener(file);
  flattener.add_children(parsed.table(), "");
  return flattener.take();
}

}  // namespace owl::config
