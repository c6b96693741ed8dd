#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owl::layers {

struct Include {
  int line;
  std::string header;
  bool quoted;  ///< "x", not <x>
};
/// The #include lines of a C or C++ source, those in comments left out.
std::vector<Include> scan_includes(std::string_view source);

/// One owl_module(name DEPS … LIBS …) of a CMakeLists.txt.
struct ModuleDeclaration {
  struct Dependency {
    std::string name;
    int line;
  };
  std::string name;
  int line;
  std::vector<Dependency> deps;
};
std::vector<ModuleDeclaration> scan_modules(std::string_view cmake);

}  // namespace owl::layers
