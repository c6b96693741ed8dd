#include "proof/expected.h"

#include <algorithm>

#include "postgres/types.h"
#include "repository/object_keys.h"

namespace owl::proof {

namespace keys = repository::keys;

void Expected::add(const repository::Manifest& manifest) {
  for (const auto& pack : manifest.packs) packs.emplace(keys::pack(pack), pack);
  for (auto& key : wal_keys_of(manifest)) wal.insert(std::move(key));
  if (manifest.kind != "cluster") return;  // what leaves of other kinds mean is their own module's
  for (const auto& leaf : manifest.leaves) {
    if (leaf.pack >= manifest.packs.size()) {
      throw Error(ErrorKind::integrity, "the manifest names a pack that it doesn't list");
    }
    const auto& pack = manifest.packs[leaf.pack];
    leaves.emplace(std::pair(keys::pack(pack), leaf.entry), Leaf{pack, leaf.entry, leaf.name});
  }
}

std::vector<std::string> wal_keys_of(const repository::Manifest& manifest) {
  std::vector<std::string> out;
  if (!manifest.wal) return out;
  const std::uint64_t size = manifest.wal->segment_size;
  for (const auto& range : manifest.wal->ranges) {
    const auto last = (std::max(range.stop_lsn, range.start_lsn + 1) - 1) / size;
    for (auto number = range.start_lsn / size; number <= last; ++number) {
      const auto name = postgres::to_file_name({range.timeline, number}, manifest.wal->segment_size);
      out.push_back(keys::wal_object(std::to_string(manifest.wal->system_id), name));
    }
  }
  return out;
}

}  // namespace owl::proof
