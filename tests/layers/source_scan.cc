#include "layers/source_scan.h"

#include <algorithm>

#include "base/text.h"

namespace owl::layers {
namespace {

/// Blanks out comments, line ends excepted. String literals are left alone: an #include line can't stand in one, but
/// for a raw string, which the tree has no use for.
std::string without_comments(std::string_view source) {
  std::string text(source);
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (text[i] != '\n') text[i] = ' ';
    }
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i) {
        if (text[i] == '\\') ++i;
      }
    } else if (text.compare(i, 2, "//") == 0) {
      const auto end = std::min(text.find('\n', i), text.size());
      blank(i, end);
      i = end;
    } else if (text.compare(i, 2, "/*") == 0) {
      const auto close = text.find("*/", i + 2);
      const auto end = close == std::string::npos ? text.size() : close + 2;
      blank(i, end);
      i = end - 1;
    }
  }
  return text;
}

struct Word {
  std::string text;
  int line;
};

/// CMake's words, parentheses each by itself, comments left out.
std::vector<Word> words_of(std::string_view cmake) {
  std::vector<Word> words;
  int number = 0;
  for (std::string_view line : split(cmake, '\n')) {
    ++number;
    line = line.substr(0, line.find('#'));
    while (!(line = trim(line)).empty()) {
      const bool bracket = line[0] == '(' || line[0] == ')';
      const auto length = bracket ? 1 : std::min(line.find_first_of("() \t"), line.size());
      words.push_back({std::string(line.substr(0, length)), number});
      line.remove_prefix(length);
    }
  }
  return words;
}

/// Takes `word` off the front of `text`, and the blanks around it; false where it doesn't stand there.
bool take(std::string_view& text, std::string_view word) {
  text = trim(text);
  if (!text.starts_with(word)) return false;
  text = trim(text.substr(word.size()));
  return true;
}

}  // namespace

std::vector<Include> scan_includes(std::string_view source) {
  std::vector<Include> includes;
  const std::string text = without_comments(source);
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (!take(line, "#") || !take(line, "include") || line.empty() || (line[0] != '"' && line[0] != '<')) continue;
    const bool quoted = line[0] == '"';
    const auto end = line.find(quoted ? '"' : '>', 1);
    if (end == std::string_view::npos) continue;
    includes.push_back({.line = number, .header = std::string(line.substr(1, end - 1)), .quoted = quoted});
  }
  return includes;
}

std::vector<ModuleDeclaration> scan_modules(std::string_view cmake) {
  std::vector<ModuleDeclaration> modules;
  const auto words = words_of(cmake);
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (words[i].text != "owl_module" || words[i + 1].text != "(") continue;
    ModuleDeclaration module{.name = words[i + 2].text, .line = words[i].line, .deps = {}};
    bool in_deps = false;
    for (i += 3; i < words.size() && words[i].text != ")"; ++i) {
      if (words[i].text == "DEPS" || words[i].text == "LIBS")
        in_deps = words[i].text == "DEPS";
      else if (in_deps)
        module.deps.push_back({words[i].text, words[i].line});
    }
    modules.push_back(std::move(module));
  }
  return modules;
}

}  // namespace owl::layers
