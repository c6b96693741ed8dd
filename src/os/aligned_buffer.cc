#include "os/aligned_buffer.h"

#include <cstdlib>
#include <new>

#include "base/check.h"

namespace owl::os {

AlignedBuffer::AlignedBuffer(std::size_t capacity) : capacity_(capacity) {
  if (capacity == 0) return;
  OWL_CHECK(capacity <= SIZE_MAX - alignment, "a buffer of impossible size");
  const std::size_t rounded = (capacity + alignment - 1) / alignment * alignment;  // aligned_alloc demands it
  data_ = static_cast<std::uint8_t*>(std::aligned_alloc(alignment, rounded));
  if (data_ == nullptr) throw std::bad_alloc();
}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  if (this == &other) return *this;
  std::free(data_);
  data_ = std::exchange(other.data_, nullptr);
  capacity_ = std::exchange(other.capacity_, 0);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

AlignedBuffer::~AlignedBuffer() {
  std::free(data_);
}

void AlignedBuffer::resize(std::size_t size) {
  OWL_CHECK(size <= capacity_, "a buffer is sized beyond its capacity");
  size_ = size;
}

}  // namespace owl::os
