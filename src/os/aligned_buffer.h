#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace owl::os {

/// Page-aligned, uninitialised memory of fixed capacity with a size that moves: what the pipeline hands from stage to
/// stage without copying, and what O_DIRECT wants. Move only.
class AlignedBuffer {
 public:
  static constexpr std::size_t alignment = 4096;

  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t capacity);
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
  ~AlignedBuffer();

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  void resize(std::size_t size);  ///< at most the capacity; new bytes are not initialised
  ByteView view() const { return {data_, size_}; }
  MutableBytes whole() { return {data_, capacity_}; }
  MutableBytes free_space() { return {data_ + size_, capacity_ - size_}; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t capacity_ = 0, size_ = 0;
};

}  // namespace owl::os
