#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace owl::layers {

/// A line of the tree that breaks the floors: src/base/x.h:3: what and why.
struct Violation {
  std::string file;  ///< relative to the root
  int line;
  std::string rule;

  bool operator==(const Violation&) const = default;
};
std::ostream& operator<<(std::ostream& stream, const Violation& violation);

struct Module {
  int floor;
  std::set<std::string> friends;  ///< modules of the same floor that it may include
  int line;
};

/// The headers of a library, and who may include them.
struct Library {
  std::string prefix;  ///< a header, or a folder when it ends in a slash
  std::set<std::string> owners;
};

/// What layers.txt says.
class Rules {
 public:
  /// What can't be understood, or contradicts itself, goes to `violations` as lines of layers.txt.
  static Rules parse(std::string_view text, std::vector<Violation>& violations);

  bool knows(const std::string& module) const { return modules_.contains(module); }
  /// Why `from` may not use `to`, two known modules; empty where it may.
  std::string objection(const std::string& from, const std::string& to) const;
  /// The library whose header this is; null where nobody owns it.
  const Library* library_of(std::string_view header) const;

 private:
  void check_friends(std::vector<Violation>& violations) const;

  std::map<std::string, Module> modules_;
  std::vector<Library> libraries_;
};

/// Compares every #include under ROOT/src, and every owl_module of src/*/CMakeLists.txt, with ROOT/layers.txt. In the
/// order of file and line.
std::vector<Violation> check_tree(const std::filesystem::path& root);

}  // namespace owl::layers
