#include "storage/object_store.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace owl::storage {
namespace {

constexpr std::size_t longest_key = 1024;

bool is_key_letter(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || c == '.' || c == '_' || c == '~' || c == '-';
}

bool is_component(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && std::ranges::all_of(part, is_key_letter);
}

}  // namespace

bool is_key(std::string_view text) {
  return text.size() <= longest_key && std::ranges::all_of(split(text, '/'), is_component);
}

void check_key(std::string_view key) {
  if (is_key(key)) return;
  throw Error(ErrorKind::usage, fmt::format("\"{}\" is no object key", key))
      .with_hint("Keys are 1 to 1024 letters of A-Z a-z 0-9 . _ ~ - in parts joined by single slashes.");
}

PutOutcome ObjectStore::put_once(const std::string& key, ByteView bytes, std::stop_token stop) {
  return put_once(key, std::span(&bytes, 1), std::nullopt, std::move(stop));
}

std::uint64_t total_size(std::span<const ByteView> pieces) {
  std::uint64_t total = 0;
  for (const auto piece : pieces) total += piece.size();
  return total;
}

std::vector<ObjectInfo> list_all(ObjectStore& store, const std::string& prefix, std::stop_token stop) {
  std::vector<ObjectInfo> all;
  const auto collect = [&](const ObjectInfo& info) {
    all.push_back(info);
    return true;
  };
  store.list(prefix, {}, collect, std::move(stop));
  return all;
}

Bytes get_required(ObjectStore& store, const std::string& key, std::stop_token stop) {
  if (auto bytes = store.get(key, std::move(stop))) return std::move(*bytes);
  throw Error(ErrorKind::integrity, fmt::format("{} is missing in {}", key, store.description()))
      .with_hint("It was deleted, or never arrived. Another store may have it: see `owlbackup verify`.");
}

}  // namespace owl::storage
