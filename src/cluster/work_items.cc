#include "cluster/work_items.h"

#include <algorithm>
#include <string_view>

#include "cluster/extent_map.h"

namespace owl::cluster {
namespace {

constexpr std::uint32_t smallest_batch = 128u << 10;

std::string_view folder_of(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

/// Small files of one kind on their way into one blob.
class Batch {
 public:
  Batch(crypto::BlobKind kind, std::vector<WorkItem>& out) : kind_(kind), out_(out) {}

  void add(const ListedFile& file, std::uint32_t index) {
    const auto folder = folder_of(file.path);
    if (folder != folder_ || size_ + file.size > piece_bytes) close();
    folder_ = folder;
    parts_.push_back({index, 0, static_cast<std::uint32_t>(file.size)});
    size_ += file.size;
    if (size_ >= smallest_batch && path_ends_batch(file.path)) close();
  }

  void close() {
    if (!parts_.empty()) out_.push_back({kind_, std::move(parts_)});
    parts_.clear();
    size_ = 0;
  }

 private:
  crypto::BlobKind kind_;
  std::vector<WorkItem>& out_;
  std::string_view folder_;
  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
};

void cut_large(const ListedFile& file, std::uint32_t index, crypto::BlobKind kind, std::vector<WorkItem>& out) {
  for (std::uint64_t offset = 0; offset < file.size; offset += piece_bytes) {
    const auto length = std::min<std::uint64_t>(piece_bytes, file.size - offset);
    out.push_back({kind, {{index, offset, static_cast<std::uint32_t>(length)}}});
  }
}

}  // namespace

std::vector<WorkItem> plan_items(const std::vector<ListedFile>& files) {
  std::vector<WorkItem> items;
  Batch pages(crypto::BlobKind::pages, items), bytes(crypto::BlobKind::bytes, items);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& file = files[i];
    const auto index = static_cast<std::uint32_t>(i);
    if (file.is_folder || file.size == 0) continue;
    if (file.size > small_file_bytes) {
      cut_large(file, index, file.is_relation ? crypto::BlobKind::pages : crypto::BlobKind::bytes, items);
    } else {
      (file.is_relation ? pages : bytes).add(file, index);
    }
  }
  pages.close();
  bytes.close();
  return items;
}

}  // namespace owl::cluster
