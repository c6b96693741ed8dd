#include "cluster/leaf_builder.h"

#include <algorithm>
#include <utility>

namespace owl::cluster {

void LeafBuilder::add(FilePieces::Assembled file) {
  for (std::size_t i = 0; i < file.blobs.size(); ++i) file.entry.extents[i].blob = number_of(file.blobs[i]);
  leaf_.files.push_back(std::move(file.entry));
  const auto& added = leaf_.files.back();
  if (leaf_ends_after(added.path, added.size, leaf_.files.size())) finish();
}

void LeafBuilder::finish() {
  if (leaf_.files.empty()) return;
  leaves_.push_back(session_.put_metadata(serialize(leaf_)));
  leaf_ = {};
  pack_numbers_.clear();
  blob_numbers_.clear();
}

void LeafBuilder::move_last_to(std::size_t place) {
  std::rotate(leaves_.begin() + static_cast<std::ptrdiff_t>(place), leaves_.end() - 1, leaves_.end());
}

std::vector<std::uint32_t> LeafBuilder::packs_used() const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < packs_used_.size(); ++i) {
    if (packs_used_[i]) out.push_back(i);
  }
  return out;
}

std::uint32_t LeafBuilder::number_of(const repository::BlobRef& blob) {
  const auto [known, is_new] =
      blob_numbers_.try_emplace({blob.pack, blob.entry}, static_cast<std::uint32_t>(leaf_.blobs.size()));
  if (!is_new) return known->second;
  const auto [pack, is_new_pack] = pack_numbers_.try_emplace(blob.pack, static_cast<std::uint32_t>(leaf_.packs.size()));
  if (is_new_pack) {
    leaf_.packs.push_back(session_.pack(blob.pack));
    if (blob.pack >= packs_used_.size()) packs_used_.resize(blob.pack + 1);
    packs_used_[blob.pack] = true;
  }
  leaf_.blobs.push_back({pack->second, blob.entry, blob.name});
  return known->second;
}

}  // namespace owl::cluster
