#include "config/near.h"

namespace owl::config {
namespace {

bool begins_with_swap(std::string_view a, std::string_view b) {
  return a.size() > 1 && b.size() > 1 && a[0] == b[1] && a[1] == b[0];
}

}  // namespace

bool within_edits(std::string_view a, std::string_view b, unsigned edits) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  if (a.empty() && b.empty()) return true;
  if (edits == 0) return false;
  if (!a.empty() && within_edits(a.substr(1), b, edits - 1)) return true;
  if (!b.empty() && within_edits(a, b.substr(1), edits - 1)) return true;
  if (!a.empty() && !b.empty() && within_edits(a.substr(1), b.substr(1), edits - 1)) return true;
  return begins_with_swap(a, b) && within_edits(a.substr(2), b.substr(2), edits - 1);
}

}  // namespace owl::config
