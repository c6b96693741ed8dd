#pragma once

#include "os/file_descriptor.h"

namespace owl::test {

/// Ten consecutive TCP ports of 127.0.0.1 that were free, and that no other test is given while it lives. A port that
/// is found free and let go can be taken by the next test before the server binds it; these can't.
class PortBlock {
 public:
  static constexpr int size = 10;

  PortBlock();
  int first() const { return first_; }

 private:
  int first_ = 0;
  os::FileDescriptor lock_;
};

}  // namespace owl::test
