#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace owl {

/// A text that must not be printed: a password, an access key, a webhook URL. It has no stream operator, no formatter
/// and no implicit conversion; `reveal` is the one way out and easy to grep for. The destructor overwrites it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  // A copy, since a short string that is moved from keeps its bytes. NOLINTNEXTLINE(performance-move-constructor-init)
  Secret(Secret&& other) noexcept : value_(other.value_) { other.wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  std::string_view reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  void wipe() noexcept;

  std::string value_;
};

}  // namespace owl
