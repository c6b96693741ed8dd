#include "repository/head.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "codec/json.h"
#include "os/file.h"

namespace owl::repository {
namespace {

constexpr std::size_t shown_digits = 8;

std::string key_of(const std::string& store, const std::string& source) { return store + " " + source; }

codec::Json to_json(const std::map<std::string, Head>& heads) {
  auto object = codec::Json::object();
  for (const auto& [key, head] : heads) {
    auto entry = codec::Json::object();
    entry.set("sequence", head.sequence);
    entry.set("digest", to_hex(head.digest));
    object.set(key, std::move(entry));
  }
  auto file = codec::Json::object();
  file.set("owlbackup", "heads");
  file.set("format", 1);
  file.set("heads", std::move(object));
  return file;
}

std::optional<Head> head_of(const codec::Json& entry) {
  const auto digest = array_from_hex<32>(entry["digest"].text_or(""));
  const auto sequence = entry["sequence"].unsigned_or(0);
  if (!digest || sequence == 0) return std::nullopt;
  return Head{sequence, *digest};
}

/// nullopt: the file is damaged. It only remembers; the next backup writes it anew.
std::optional<std::map<std::string, Head>> parse_heads(ByteView bytes) {
  const auto file = codec::Json::parse(as_text(bytes));
  if (!file || (*file)["owlbackup"].text_or("") != "heads" || (*file)["format"].integer_or(0) != 1) return std::nullopt;
  const auto* const object = (*file)["heads"].as_object();
  if (object == nullptr) return std::nullopt;
  std::map<std::string, Head> heads;
  for (const auto& [key, entry] : *object) {
    const auto head = head_of(entry);
    if (!head) return std::nullopt;
    heads.emplace(key, *head);
  }
  return heads;
}

}  // namespace

std::string to_text(const Head& head) {
  return fmt::format("{}/{}", head.sequence, to_hex(head.digest).substr(0, shown_digits));
}

bool head_matches(const Head& head, std::string_view text) {
  const auto parts = split(text, '/');
  if (parts.size() != 2 || parts[1].size() < shown_digits) return false;
  std::uint64_t sequence = 0;
  const auto* const end = parts[0].data() + parts[0].size();
  const auto result = std::from_chars(parts[0].data(), end, sequence);
  return result.ec == std::errc{} && result.ptr == end && sequence == head.sequence &&
         to_hex(head.digest).starts_with(to_lower(parts[1]));
}

HeadFile::HeadFile(std::filesystem::path path) : path_(std::move(path)) { load(); }

void HeadFile::load() {
  const auto bytes = os::read_file_if_exists(path_);
  if (!bytes) return;
  auto heads = parse_heads(*bytes);
  damaged_ = !heads;
  heads_ = std::move(heads).value_or(std::map<std::string, Head>{});
}

std::optional<Head> HeadFile::find(const std::string& store, const std::string& source) const {
  const auto found = heads_.find(key_of(store, source));
  if (found == heads_.end()) return std::nullopt;
  return found->second;
}

void HeadFile::set(const std::string& store, const std::string& source, const Head& head) {
  load();  // another run may have written since
  heads_[key_of(store, source)] = head;
  os::make_folders(path_.parent_path(), 0700);
  os::replace_file(path_, as_bytes(to_json(heads_).dump(2) + "\n"));
}

}  // namespace owl::repository
