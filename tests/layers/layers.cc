#include "layers/layers.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <ostream>
#include <sstream>

#include "base/text.h"
#include "layers/source_scan.h"

namespace owl::layers {

namespace fs = std::filesystem;

namespace {

std::string read_text(const fs::path& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream stream{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool is_header(const fs::path& file) {
  return file.extension() == ".h" || file.extension() == ".hpp";
}
bool is_source(const fs::path& file) {
  return file.extension() == ".cc" || file.extension() == ".c";
}

std::string joined(const std::set<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const Violation& violation) {
  return stream << violation.file << ':' << violation.line << ": " << violation.rule;
}

Rules Rules::parse(std::string_view text, std::vector<Violation>& violations) {
  Rules rules;
  int number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    const auto words = words_of(line.substr(0, line.find('#')));
    if (words.empty()) continue;
    int floor = 0;
    const auto [end, failure] = std::from_chars(words[0].data(), words[0].data() + words[0].size(), floor);
    const bool is_number = failure == std::errc() && *end == '\0';
    if (words[0] == "lib" && words.size() >= 3) {
      rules.libraries_.push_back({.prefix = words[1], .owners = {words.begin() + 2, words.end()}});
    } else if (is_number && (words.size() == 2 || (words.size() >= 4 && words[2] == "->"))) {
      Module module{.floor = floor, .friends = {}, .line = number};
      if (words.size() > 2) module.friends = {words.begin() + 3, words.end()};
      if (!rules.modules_.emplace(words[1], std::move(module)).second) {
        violations.push_back({"layers.txt", number, words[1] + " is named twice"});
      }
    } else {
      violations.push_back(
          {"layers.txt", number, "neither `floor module [-> friend ...]` nor `lib prefix module ...`"});
    }
  }
  rules.check_friends(violations);
  return rules;
}

void Rules::check_friends(std::vector<Violation>& violations) const {
  const auto reaches = [&](const auto& self, const std::string& from, const std::string& to,
                           std::set<std::string>& seen) -> bool {
    if (!knows(from) || !seen.insert(from).second) return false;
    return std::ranges::any_of(modules_.at(from).friends,
                               [&](const auto& next) { return next == to || self(self, next, to, seen); });
  };
  for (const auto& [name, module] : modules_) {
    for (const auto& other : module.friends) {
      const auto found = modules_.find(other);
      if (found == modules_.end() || found->second.floor != module.floor) {
        violations.push_back(
            {"layers.txt", module.line, name + " -> " + other + ": a friend is a module of the same floor"});
      }
    }
    std::set<std::string> seen;
    if (reaches(reaches, name, name, seen)) {
      violations.push_back({"layers.txt", module.line, name + " is its own friend, by way of others"});
    }
  }
}

std::string Rules::objection(const std::string& from, const std::string& to) const {
  if (from == to) return {};
  const Module& user = modules_.at(from);
  const Module& used = modules_.at(to);
  if (used.floor < user.floor || (used.floor == user.floor && user.friends.contains(to))) return {};
  return from + " (floor " + std::to_string(user.floor) + ") may not use " + to + " (floor " +
         std::to_string(used.floor) + "): only lower floors, and the friends that layers.txt names";
}

const Library* Rules::library_of(std::string_view header) const {
  for (const auto& library : libraries_) {
    const bool folder = library.prefix.ends_with('/');
    if (folder ? header.starts_with(library.prefix) : header == library.prefix) return &library;
  }
  return nullptr;
}

namespace {

/// One run over a tree.
class TreeCheck {
 public:
  explicit TreeCheck(fs::path root)
      : root_(std::move(root)), rules_(Rules::parse(read_text(root_ / "layers.txt"), violations_)) {}

  std::vector<Violation> run() {
    for (const auto& folder : sorted(fs::directory_iterator(root_ / "src"))) {
      if (fs::is_directory(folder)) check_module(folder);
    }
    std::ranges::stable_sort(violations_, {}, [](const Violation& v) { return std::pair(v.file, v.line); });
    return std::move(violations_);
  }

 private:
  template <typename Iterator>
  static std::vector<fs::path> sorted(Iterator entries) {
    std::vector<fs::path> paths;
    for (const auto& entry : entries) paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
  }

  void report(const fs::path& file, int line, std::string rule) {
    violations_.push_back({fs::relative(file, root_).string(), line, std::move(rule)});
  }

  void check_module(const fs::path& folder) {
    const std::string module = folder.filename();
    if (!rules_.knows(module)) {
      report(folder, 0, "layers.txt doesn't name the module " + module);
      return;
    }
    check_declaration(module, folder / "CMakeLists.txt");
    for (const auto& file : sorted(fs::recursive_directory_iterator(folder))) {
      if (is_header(file) || is_source(file)) check_includes(module, file);
    }
  }

  void check_declaration(const std::string& module, const fs::path& file) {
    const auto declared = scan_modules(read_text(file));
    if (declared.size() != 1 || declared[0].name != module) {
      report(file, declared.empty() ? 0 : declared[0].line, "is to declare exactly one owl_module, " + module);
      return;
    }
    for (const auto& dep : declared[0].deps) {
      if (dep.name.find("::") != std::string::npos) continue;  // a library whose headers may be in ours
      if (!rules_.knows(dep.name)) {
        report(file, dep.line, "layers.txt doesn't name the module " + dep.name);
      } else if (const auto why = rules_.objection(module, dep.name); !why.empty()) {
        report(file, dep.line, why);
      }
    }
  }

  void check_includes(const std::string& module, const fs::path& file) {
    for (const auto& include : scan_includes(read_text(file))) {
      if (const auto* library = rules_.library_of(include.header)) {
        check_library(module, file, include, *library);
      } else {
        check_own(module, file, include);
      }
    }
  }

  void check_library(const std::string& module, const fs::path& file, const Include& include, const Library& library) {
    if (is_header(file)) {
      report(file, include.line, include.header + ": a library's headers stay out of ours");
    } else if (!library.owners.contains(module)) {
      report(file, include.line, include.header + " belongs to " + joined(library.owners) + ", not to " + module);
    }
  }

  void check_own(const std::string& module, const fs::path& file, const Include& include) {
    const auto used = include.header.substr(0, include.header.find('/'));
    const bool ours = used != include.header && rules_.knows(used);
    if (!include.quoted) {
      if (ours && fs::exists(root_ / "src" / include.header)) {
        report(file, include.line, "<" + include.header + ">: our own headers are included in quotes");
      }
      return;
    }
    if (!ours) {
      report(file, include.line, "\"" + include.header + "\": quotes are for our own headers, by module and name");
    } else if (const auto why = rules_.objection(module, used); !why.empty()) {
      report(file, include.line, why);
    } else if (!linked(module).contains(used)) {
      report(file, include.line, module + " includes " + used + ", and its CMakeLists.txt doesn't link that");
    }
  }

  /// The modules that `module` links, by way of others too, and itself.
  const std::set<std::string>& linked(const std::string& module) {
    const auto [entry, is_new] = linked_.try_emplace(module);
    if (is_new) {
      std::set<std::string> reached{module};
      for (std::vector<std::string> todo{module}; !todo.empty();) {
        const auto next = todo.back();
        todo.pop_back();
        for (const auto& declared : scan_modules(read_text(root_ / "src" / next / "CMakeLists.txt"))) {
          for (const auto& dep : declared.deps) {
            if (rules_.knows(dep.name) && reached.insert(dep.name).second) todo.push_back(dep.name);
          }
        }
      }
      entry->second = std::move(reached);
    }
    return entry->second;
  }

  fs::path root_;
  std::vector<Violation> violations_;
  Rules rules_;
  std::map<std::string, std::set<std::string>> linked_;
};

}  // namespace

std::vector<Violation> check_tree(const fs::path& root) {
  return TreeCheck(root).run();
}

}  // namespace owl::layers
