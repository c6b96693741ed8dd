#include "cluster/restore_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <map>

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

ExtentLeaf read_leaf(const repository::Manifest& manifest, const repository::BlobRef& ref,
                     repository::BlobReader& reader, std::stop_token stop) {
  if (ref.pack >= manifest.packs.size())
    throw Error(ErrorKind::integrity, "a manifest names a pack that it doesn't list");
  const auto bytes = reader.read_one(manifest.packs[ref.pack], ref.entry, ref.name, stop);
  return value_or_throw(parse_extent_leaf(bytes));
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
  for (const auto& leaf : manifest.leaves) builder.add(read_leaf(manifest, leaf, reader, stop));
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
