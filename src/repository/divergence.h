#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "repository/head.h"
#include "repository/object_keys.h"

namespace owl::repository {

/// What is backed up again and again: a cluster, one database's dumps, a file tree.
struct Source {
  std::string kind, name;
  std::set<std::string> ids;  ///< how its name stands in object keys, one for each epoch

  bool owns(const ManifestKey& key) const { return key.kind == kind && ids.contains(key.name_id); }
};
std::string to_text(const Source& source);  ///< "cluster main"

/// What one store shows of a source.
struct Shown {
  std::string store;
  std::set<std::string> manifests;  ///< keys, voids left out
  std::optional<Head> newest;       ///< of those that open
};

/// One way in which a store is not what this host knows it to be, or not level with the others.
struct Divergence {
  enum class Kind {
    lost,    ///< this host's backups that stood there do not: deleted, or withheld
    other,   ///< the number is known, the manifest is another one
    behind,  ///< other stores have backups that this one never had, as far as this host knows
  };
  Kind kind{};
  std::string store;
  std::string source;
  std::map<std::string, std::uint64_t> lost;  ///< key → number
  std::uint64_t behind = 0;                   ///< how many backups
  std::string what;  ///< "has lost 2 backups of cluster main …": the store's name goes before it
};
std::string to_text(Divergence::Kind kind);
std::string to_text(const Divergence& divergence);  ///< "store b has lost 2 backups of …"

/// The one comparison of a source in all stores with this host's memory and with each other
/// (docs/format/order-of-writes.md, "Heads"): of backup, status, list, verify and restore.
std::vector<Divergence> compare_heads(const Source& source, const std::vector<Shown>& stores, const HeadFile& heads);

/// What this host remembers of a source in one store, under all its ids.
Remembered remembered_of(const Source& source, const std::string& store, const HeadFile& heads);

}  // namespace owl::repository
