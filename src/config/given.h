#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace owl::config {

/// What a source said a value is. Text of the environment, or behind a reference, is `loose`: the option decides how to
/// read it.
enum class ValueKind { text, number, real, flag, date, list, other_list, section, loose };

/// A value as it stood in a source, before its option has looked at it.
struct Value {
  ValueKind kind = ValueKind::text;
  std::string text;               ///< scalars, as they are written
  std::vector<std::string> list;  ///< kind list: every element is text (other_list: something else was among them)

  bool is_text() const { return kind == ValueKind::text || kind == ValueKind::loose; }
};

inline Value loose(std::string text) {
  return {.kind = ValueKind::loose, .text = std::move(text), .list = {}};
}

/// One setting from one source.
struct Given {
  std::string key;  ///< storage.primary.url
  Value value;
  std::string place;             ///< for messages: "/etc/owlbackup/owlbackup.toml:12", "environment variable X"
  std::filesystem::path folder;  ///< what a relative file:PATH starts from
  std::string reference = {};    ///< env:NAME or file:PATH, once it has been resolved
  /// Stands only beside a `url` of its section: backup.env names credentials without naming a store.
  bool implied = false;
};

/// "<place>: <key> <complaint>", or without the place where there is none.
Error config_error(std::string_view place, std::string_view message);
Error wrong_value(const Given& given, std::string_view complaint);

/// The value for a message: quoted, cut to a readable length, and never what a reference or a secret holds.
std::string shown(const Given& given, bool secret);

/// `word` in quotes for a message: control characters escaped, a long text cut.
std::string in_quotes(std::string_view word);

}  // namespace owl::config
