#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/env_file.h"
#include "config/given.h"

namespace owl::config {

/// Where env:NAME looks: the environment, then backup.env.
class Variables {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;
  Variables(const Environment& environment, const std::vector<EnvVariable>& env_file)
      : environment_(environment), env_file_(env_file) {}

  /// nullopt: not set, or empty.
  std::optional<std::string> find(std::string_view name) const;

 private:
  const Environment& environment_;
  const std::vector<EnvVariable>& env_file_;
};

/// Replaces env:NAME and file:PATH (the newlines at the file's end are dropped) by what they stand for, in a text and
/// in each element of a list; a text becomes loose. `is_url`: file:// is no reference there. Throws Error(config)
/// naming key, place and reason.
void resolve_references(Given& given, const Variables& variables, bool is_url);

}  // namespace owl::config
