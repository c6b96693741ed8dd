#include "cluster/leaf_builder.h"

#include <utility>

namespace owl::cluster {

void LeafBuilder::add(FilePieces::Assembled file) {
  for (std::size_t i = 0; i < file.blobs.size(); ++i) file.entry.extents[i].blob = number_of(file.blobs[i]);
  leaf_.files.push_back(std::move(file.entry));
  if (leaf_ends_after(leaf_.files.back().path, leaf_.files.size())) finish();
}

void LeafBuilder::finish() {
  if (leaf_.files.empty()) return;
  leaves_.push_back(session_.put_metadata(serialize(leaf_)));
  leaf_ = {};
  pack_numbers_.clear();
  blob_numbers_.clear();
}

std::uint32_t LeafBuilder::number_of(const repository::BlobRef& blob) {
  const auto [known, is_new] =
      blob_numbers_.try_emplace({blob.pack, blob.entry}, static_cast<std::uint32_t>(leaf_.blobs.size()));
  if (!is_new) return known->second;
  const auto [pack, is_new_pack] = pack_numbers_.try_emplace(blob.pack, static_cast<std::uint32_t>(leaf_.packs.size()));
  if (is_new_pack) {
    leaf_.packs.push_back(session_.pack(blob.pack));
    packs_used_.insert(blob.pack);
  }
  leaf_.blobs.push_back({pack->second, blob.entry, blob.name});
  return known->second;
}

}  // namespace owl::cluster
