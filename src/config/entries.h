#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/given.h"
#include "config/references.h"
#include "config/settings.h"

namespace owl::config {

/// What all sources said, merged: one entry for each key, the later source's where two name it. The order of sections
/// is that of their first mention.
class Entries {
 public:
  void add(std::vector<Given> source);

  const Given* find(std::string_view key) const;
  /// Where the key was set, or its section; empty: nowhere.
  std::string place_of(std::string_view key) const;
  bool empty() const { return entries_.empty(); }

  /// The names of the sections `[group.NAME]`: primary first, then in order.
  std::vector<std::string> names_in(std::string_view group) const;

  /// Drops what is implied where its store has no url.
  void drop_unused_implied();
  /// Splits the lists of the environment and resolves env:NAME and file:PATH.
  void resolve(const Variables& variables);
  /// Gives stores what they leave to storage.primary, and keys of the environment to those that have none.
  void complete_stores(const Variables& variables);

  /// A fresh Settings with every entry put into its place. Throws Error(config) on unknown keys and wrong values.
  Settings settings() const;
  /// The values of the options that are secret.
  std::vector<Secret> secrets() const;

 private:
  bool has_any(std::string_view section, std::span<const std::string_view> keys) const;
  bool is_s3(std::string_view section) const;
  void inherit(const std::string& section, std::span<const std::string_view> keys);
  void take_keys_of_environment(const std::string& section, const Variables& variables);

  std::vector<Given> entries_;
};

}  // namespace owl::config
