// Leaves of extent maps: what a restore writes where.

#include "cluster/extent_map.h"
#include "round_trip.h"

using namespace owl;

namespace {

/// What the writer of a restore relies on.
void check_file(const cluster::ExtentLeaf& leaf, const cluster::FileEntry& file) {
  std::uint64_t end = 0;
  for (const auto& extent : file.extents) {
    OWL_CHECK(extent.length > 0 && extent.blob < leaf.blobs.size(), "an extent of nothing");
    OWL_CHECK(extent.file_offset >= end && extent.file_offset + extent.length <= file.size,
              "an extent outside its file");
    end = extent.file_offset + extent.length;
  }
  const std::string framed = "/" + file.path + "/";
  OWL_CHECK(framed.find("/../") == framed.npos && framed.find("//") == framed.npos,
            "a path that leads out of its folder");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  fuzz::check_round_trip(input, cluster::parse_extent_leaf);
  const auto leaf = cluster::parse_extent_leaf(input);
  if (!leaf) return 0;
  for (const auto& blob : leaf->blobs) OWL_CHECK(blob.pack < leaf->packs.size(), "a blob in no pack");
  for (const auto& file : leaf->files) check_file(*leaf, file);
  return 0;
}
