#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/clock.h"

namespace owl::crypto {

/// 32 secret bytes in memory that is locked (mlock), kept out of core dumps and overwritten at the end. Copies share
/// the same memory. It can't be printed or compared by accident; `view` is the one way to the bytes.
class SecretKey {
 public:
  SecretKey() = default;  ///< no key
  explicit SecretKey(ByteView bytes32);
  static SecretKey random(Random& random);

  bool empty() const { return !memory_; }
  ByteView view() const;

 private:
  std::shared_ptr<const struct LockedMemory> memory_;
};

/// Constant-time comparison.
bool same_secret(ByteView a, ByteView b);

}  // namespace owl::crypto
