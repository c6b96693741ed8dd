#pragma once

#include <cstring>
#include <string>

#include "base/bytes.h"

namespace owl::crypto {

/// Overwrites a buffer when the scope ends, however it ends: for secrets on their way through ordinary memory. A buffer
/// that grows leaves copies behind that nobody wipes, so reserve first.
template <typename Buffer>
class WipeAtEnd {
 public:
  explicit WipeAtEnd(Buffer& buffer) : buffer_(buffer) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() {
    if (!buffer_.empty()) explicit_bzero(buffer_.data(), buffer_.size());
  }

 private:
  Buffer& buffer_;
};

}  // namespace owl::crypto
