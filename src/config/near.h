#pragma once

#include <string_view>

namespace owl::config {

/// Can `a` become `b` by at most `edits` insertions, deletions, replacements or swaps of neighbours? For short words
/// and few edits: the work grows threefold with each edit.
bool within_edits(std::string_view a, std::string_view b, unsigned edits);

}  // namespace owl::config
