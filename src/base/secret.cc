#include "base/secret.h"

#include <cstring>
#include <utility>

namespace owl {

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    *this = std::as_const(other);
    other.wipe();
  }
  return *this;
}

void Secret::wipe() noexcept {
  explicit_bzero(value_.data(), value_.size());
  value_.clear();
}

}  // namespace owl
