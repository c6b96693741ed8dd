#pragma once

namespace owl {

template <typename List>
class Reversed {
 public:
  explicit Reversed(List& list) : list_(list) {}
  auto begin() const { return list_.rbegin(); }
  auto end() const { return list_.rend(); }

 private:
  List& list_;
};

/// `for (auto& item : reversed(list))`. The list must outlive the loop. In place of std::views::reverse, which clang 14
/// can't compile with the standard library of g++ 12.
template <typename List>
Reversed<List> reversed(List& list) {
  return Reversed<List>(list);
}

}  // namespace owl
