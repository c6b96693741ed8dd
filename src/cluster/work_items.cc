#include "cluster/work_items.h"

#include <algorithm>
#include <deque>
#include <string_view>

#include "cluster/extent_map.h"

namespace owl::cluster {
namespace {

constexpr std::uint32_t smallest_batch = 128u << 10;

std::string_view folder_of(std::string_view path) {
  return path.substr(0, path.rfind('/') + 1);
}

/// Small files of one kind on their way into one blob.
class Batch {
 public:
  Batch(crypto::BlobKind kind, std::deque<WorkItem>& out) : kind_(kind), out_(out) {}

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
  std::deque<WorkItem>& out_;
  std::string_view folder_;
  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
};

void cut_large(const ListedFile& file, std::uint32_t index, crypto::BlobKind kind, std::deque<WorkItem>& out) {
  for (std::uint64_t offset = 0; offset < file.size; offset += piece_bytes) {
    const auto length = std::min<std::uint64_t>(piece_bytes, file.size - offset);
    out.push_back({kind, {{index, offset, static_cast<std::uint32_t>(length)}}});
  }
}

}  // namespace

struct ItemCutter::State {
  std::deque<WorkItem> ready;
  Batch pages{crypto::BlobKind::pages, ready}, bytes{crypto::BlobKind::bytes, ready};
};

ItemCutter::ItemCutter() : state_(std::make_unique<State>()) {}
ItemCutter::~ItemCutter() = default;

void ItemCutter::add(const ListedFile& file, std::uint32_t index) {
  if (file.is_folder || file.size == 0) return;
  if (file.size > small_file_bytes) {
    cut_large(file, index, file.is_relation ? crypto::BlobKind::pages : crypto::BlobKind::bytes, state_->ready);
  } else {
    (file.is_relation ? state_->pages : state_->bytes).add(file, index);
  }
}

void ItemCutter::finish() {
  state_->pages.close();
  state_->bytes.close();
}

std::optional<WorkItem> ItemCutter::pop() {
  if (state_->ready.empty()) return std::nullopt;
  auto item = std::move(state_->ready.front());
  state_->ready.pop_front();
  return item;
}

}  // namespace owl::cluster
