#pragma once

#include <memory>

#include "codec/page_splitter.h"

namespace owl::codec {

/// The inverse of PageSplitter, for streams that nobody vouches for: writes exactly one page, whatever they say. One
/// thread at a time; no allocation per page.
class PageJoiner {
 public:
  explicit PageJoiner(std::uint32_t block_size);
  PageJoiner(PageJoiner&&) noexcept;
  ~PageJoiner();

  /// Writes the next page. What it writes is only right while `reader` is ok; afterwards the page holds anything.
  void join(StreamReader& reader, std::uint32_t block, PageSplitter::Holes holes, PageState& state, std::uint8_t* page);

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace owl::codec
