#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/clock.h"

namespace owl::crypto {

/// 32 secret bytes in memory that is locked (mlock; tolerated where the limit forbids it), kept out of core dumps and
/// overwritten at the end. Copies share the same memory. It can't be printed or compared by accident; `view` is the one
/// way to the bytes. Immutable, so safe from many threads.
class SecretKey {
 public:
  static constexpr std::size_t size = 32;  ///< bytes

  SecretKey() = default;  ///< no key
  explicit SecretKey(ByteView bytes32);
  static SecretKey random(Random& random);

  bool empty() const { return !memory_; }
  ByteView view() const;  ///< of a key that is there: check `empty` first where it may not be

 private:
  std::shared_ptr<const struct LockedMemory> memory_;
};

/// Comparison in a time that depends on the lengths only.
bool same_secret(ByteView a, ByteView b);

}  // namespace owl::crypto
