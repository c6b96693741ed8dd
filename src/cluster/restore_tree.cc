#include "cluster/restore_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <span>

#include "concurrency/task_group.h"

namespace owl::cluster {
namespace {

/// Gathers wanted bytes by pack and entry while leaves come by.
class TreeBuilder {
 public:
  explicit TreeBuilder(const std::function<bool(const FileEntry&)>& wanted) : wanted_(wanted) {}

  void add(ExtentLeaf leaf) {
    for (auto& file : leaf.files) {
      const auto index = static_cast<std::uint32_t>(tree_.files.size());
      if (wanted_(file)) {
        for (const auto& extent : file.extents) add_extent(leaf, extent, index);
      }
      file.extents.clear();
      tree_.files.push_back(std::move(file));
    }
  }

  RestoreTree finish() {
    for (auto& [id, pack] : packs_) {
      RestoreTree::WantedPack out{pack.ref, {}};
      for (auto& [entry, blob] : pack.blobs) out.blobs.push_back(std::move(blob));
      tree_.packs.push_back(std::move(out));
    }
    return std::move(tree_);
  }

 private:
  struct Gathered {
    repository::PackRef ref;
    std::map<std::uint32_t, RestoreTree::WantedBlob> blobs;
  };

  void add_extent(const ExtentLeaf& leaf, const Extent& extent, std::uint32_t file) {
    const auto& ref = leaf.blobs[extent.blob];
    const auto& pack = leaf.packs[ref.pack];
    auto& gathered = packs_[pack.id];
    gathered.ref = pack;
    auto& blob = gathered.blobs[ref.entry];
    blob.entry = ref.entry;
    blob.name = ref.name;
    blob.destinations.push_back({file, extent.file_offset, extent.blob_offset, extent.length});
    tree_.plain_bytes += extent.length;
  }

  const std::function<bool(const FileEntry&)>& wanted_;
  RestoreTree tree_;
  std::map<repository::PackId, Gathered> packs_;
};

constexpr unsigned requests_at_once = 8;

/// Leaves that follow each other in the map and in their pack, so that few requests bring them.
struct LeafGroup {
  const repository::PackRef* pack = nullptr;
  std::span<const repository::BlobRef> leaves;
};

std::vector<LeafGroup> group_leaves(const repository::Manifest& manifest) {
  constexpr std::size_t largest_group = 64;
  const std::span<const repository::BlobRef> all(manifest.leaves);
  std::vector<LeafGroup> groups;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].pack >= manifest.packs.size())
      throw Error(ErrorKind::integrity, "a manifest names a pack that it doesn't list");
    const bool goes_on = i + 1 < all.size() && all[i + 1].pack == all[i].pack && all[i + 1].entry > all[i].entry &&
                         i + 1 - begin < largest_group;
    if (goes_on) continue;
    groups.push_back({&manifest.packs[all[i].pack], all.subspan(begin, i + 1 - begin)});
    begin = i + 1;
  }
  return groups;
}

std::vector<ExtentLeaf> read_leaves(const LeafGroup& group, repository::BlobReader& reader, std::stop_token stop) {
  const auto directory = reader.directory(*group.pack, stop);
  std::vector<std::uint32_t> entries;
  for (const auto& leaf : group.leaves) {
    repository::require_name(*directory, *group.pack, leaf);
    entries.push_back(leaf.entry);
  }
  std::vector<ExtentLeaf> out;
  const auto take = [&](std::uint32_t, ByteView plain) { out.push_back(value_or_throw(parse_extent_leaf(plain))); };
  reader.read(*group.pack, entries, take, std::move(stop));
  return out;
}

/// Fetches each pack's directory once: groups of one pack would else all ask for it at the same time.
void prepare_directories(std::span<const LeafGroup> groups, repository::BlobReader& reader,
                         const std::stop_token& stop) {
  std::map<repository::PackId, const repository::PackRef*> packs;
  for (const auto& group : groups) packs.emplace(group.pack->id, group.pack);
  std::vector<const repository::PackRef*> distinct;
  for (const auto& [id, pack] : packs) distinct.push_back(pack);
  parallel_for(distinct.size(), requests_at_once, stop,
               [&](std::size_t i, const std::stop_token& stopped) { (void)reader.directory(*distinct[i], stopped); });
}

/// Every leaf in order; a few groups at once, as each request takes its time.
void for_each_leaf(const repository::Manifest& manifest, repository::BlobReader& reader, const std::stop_token& stop,
                   const std::function<void(ExtentLeaf)>& take) {
  constexpr std::size_t window = 16;
  const auto groups = group_leaves(manifest);
  for (std::size_t begin = 0; begin < groups.size(); begin += window) {
    const auto some = std::span(groups).subspan(begin, std::min(window, groups.size() - begin));
    prepare_directories(some, reader, stop);
    std::vector<std::vector<ExtentLeaf>> read(some.size());
    parallel_for(some.size(), requests_at_once, stop, [&](std::size_t i, const std::stop_token& stopped) {
      read[i] = read_leaves(some[i], reader, stopped);
    });
    for (auto& leaves : read) {
      for (auto& leaf : leaves) take(std::move(leaf));
    }
  }
}

}  // namespace

const FileEntry* RestoreTree::find(std::string_view path) const {
  const auto at =
      std::ranges::lower_bound(files, path, {}, [](const FileEntry& f) -> std::string_view { return f.path; });
  return at != files.end() && at->path == path ? &*at : nullptr;
}

std::vector<RestorePortion> cut_into_portions(const RestoreTree& tree) {
  constexpr std::uint64_t enough = 64u << 20;
  std::vector<RestorePortion> portions;
  for (const auto& pack : tree.packs) {
    const std::span<const RestoreTree::WantedBlob> blobs(pack.blobs);
    std::size_t begin = 0;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      for (const auto& to : blobs[i].destinations) bytes += to.length;
      if (bytes < enough && i + 1 < blobs.size()) continue;
      portions.push_back({&pack, blobs.subspan(begin, i + 1 - begin)});
      begin = i + 1;
      bytes = 0;
    }
  }
  return portions;
}

RestoreTree load_tree(const repository::Manifest& manifest, repository::BlobReader& reader,
                      const std::function<bool(const FileEntry&)>& wanted, std::stop_token stop) {
  TreeBuilder builder(wanted);
  for_each_leaf(manifest, reader, stop, [&](ExtentLeaf leaf) { builder.add(std::move(leaf)); });
  return builder.finish();
}

Bytes read_file_of(const repository::Manifest& manifest, repository::BlobReader& reader, std::string_view path,
                   std::stop_token stop) {
  const auto tree = load_tree(
      manifest, reader, [&](const FileEntry& file) { return file.path == path; }, stop);
  const auto* file = tree.find(path);
  if (file == nullptr) throw Error(ErrorKind::not_found, fmt::format("the backup has no file {}", path));
  Bytes out(file->size);
  for (const auto& pack : tree.packs) {
    for (const auto& blob : pack.blobs) {
      const auto plain = reader.read_one(pack.pack, blob.entry, blob.name, stop);
      for (const auto& to : blob.destinations) {
        if (std::uint64_t{to.blob_offset} + to.length > plain.size() || to.file_offset + to.length > out.size()) {
          throw Error(ErrorKind::integrity, fmt::format("the extent map of {} points outside its blob", path));
        }
        std::memcpy(out.data() + to.file_offset, plain.data() + to.blob_offset, to.length);
      }
    }
  }
  return out;
}

}  // namespace owl::cluster
