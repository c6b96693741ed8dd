#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace owl {

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
/// Splits at every `separator`; empty parts are kept. An empty text gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
/// The candidate with the fewest edits (insert, delete, replace, swap of neighbours), or empty where none is near
/// enough to be meant (more than a third of the letters differ).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace owl
