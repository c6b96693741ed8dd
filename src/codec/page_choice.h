#pragma once

#include <memory>
#include <optional>

#include "codec/page_blob.h"
#include "codec/stream_frames.h"
#include "codec/zstd.h"

namespace owl::codec {

/// Which stream shares whose frame: what StreamFramesEncoder wants to know about page_stream's streams.
std::vector<std::uint8_t> page_stream_groups();

/// Finds how a relation's pages are best split, by trying it out on some of them. One thread at a time.
class PageChooser {
 public:
  PageChooser(std::uint32_t block_size, int level, int plain_level);
  PageChooser(PageChooser&&) noexcept;
  ~PageChooser();

  /// How much a choice may cost: about 0.1, 1 and 4 ms.
  enum class Care : std::uint8_t { little, some, much };
  /// nullopt: zstd alone does better. `pages` are of one relation, from `first_block` on.
  std::optional<PageScheme> choose(ByteView pages, std::uint32_t first_block, Care care);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::codec
