#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace owl::http {

struct Header {
  std::string name, value;
};

/// The header fields of an answer, in the order in which they came. Names are compared without regard to case.
class Headers {
 public:
  void add(std::string name, std::string value) { all_.push_back({std::move(name), std::move(value)}); }
  /// "Name: value" as it stands on the wire; anything else is dropped.
  void add_line(std::string_view line);
  void clear() { all_.clear(); }

  /// The first of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<Header>& all() const { return all_; }

 private:
  std::vector<Header> all_;
};

}  // namespace owl::http
