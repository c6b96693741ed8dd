#pragma once

#include <algorithm>
#include <span>

#include "base/bytes.h"

namespace owl::http {

/// Hands out the pieces of a body one after the other.
class BodyReader {
 public:
  explicit BodyReader(std::span<const ByteView> pieces) : pieces_(pieces) {}

  std::size_t read(MutableBytes out) {
    std::size_t done = 0;
    while (done < out.size() && piece_ < pieces_.size()) {
      const auto rest = pieces_[piece_].subspan(offset_);
      const auto size = std::min(rest.size(), out.size() - done);
      std::copy_n(rest.begin(), size, out.begin() + static_cast<std::ptrdiff_t>(done));
      done += size;
      offset_ += size;
      if (size == rest.size()) ++piece_, offset_ = 0;
    }
    return done;
  }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto piece : pieces_) sum += piece.size();
    return sum;
  }

 private:
  std::span<const ByteView> pieces_;
  std::size_t piece_ = 0, offset_ = 0;
};

}  // namespace owl::http
