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

std::string key_of(const std::string& store, const std::string& source) {
  return store + " " + source;
}

codec::Json to_json(const Remembered& remembered) {
  auto backups = codec::Json::Object();
  for (const auto& [key, number] : remembered.backups) backups.emplace_back(key, number);
  auto entry = codec::Json::object();
  entry.set("name", remembered.name);
  entry.set("sequence", remembered.newest.sequence);
  entry.set("digest", to_hex(remembered.newest.digest));
  entry.set("backups", codec::Json::object(std::move(backups)));
  return entry;
}

std::optional<Remembered> remembered_in(const codec::Json& entry) {
  const auto digest = array_from_hex<32>(entry["digest"].text_or(""));
  const auto* const name = entry["name"].as_string();
  const auto* const backups = entry["backups"].as_object();
  Remembered out;
  out.newest.sequence = entry["sequence"].unsigned_or(0);
  if (!digest || out.newest.sequence == 0 || name == nullptr || backups == nullptr) return std::nullopt;
  out.newest.digest = *digest;
  out.name = *name;
  for (const auto& [key, number] : *backups) {
    if (number.unsigned_or(0) == 0) return std::nullopt;
    out.backups.emplace(key, number.unsigned_or(0));
  }
  return out;
}

}  // namespace

Bytes serialize(const HeadMap& heads) {
  codec::Json::Object members;
  for (const auto& [key, remembered] : heads) members.emplace_back(key, to_json(remembered));
  auto file = codec::Json::object();
  file.set("owlbackup", "heads").set("format", 1).set("heads", codec::Json::object(std::move(members)));
  return to_bytes(as_bytes(file.dump(2) + "\n"));
}

Result<HeadMap> parse_heads(ByteView bytes) {
  const auto file = codec::Json::parse(as_text(bytes));
  if (!file) return tl::unexpected(file.error());
  const auto* const object = (*file)["heads"].as_object();
  if ((*file)["owlbackup"].text_or("") != "heads" || (*file)["format"].integer_or(0) != 1 || object == nullptr) {
    return bad_format("no list of heads of this version");
  }
  HeadMap heads;
  for (const auto& [key, entry] : *object) {
    auto remembered = remembered_in(entry);
    if (!remembered) return bad_format("a head that makes no sense");
    heads.insert_or_assign(key, std::move(*remembered));
  }
  return heads;
}

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

HeadFile::HeadFile(std::filesystem::path path) : path_(std::move(path)) {
  load();
}

void HeadFile::load() {
  const auto bytes = os::read_file_if_exists(path_);
  if (!bytes) return;
  auto heads = parse_heads(*bytes);
  damaged_ = !heads;
  heads_ = heads ? std::move(*heads) : HeadMap{};
}

const Remembered* HeadFile::find(const std::string& store, const std::string& source) const {
  const auto found = heads_.find(key_of(store, source));
  return found == heads_.end() ? nullptr : &found->second;
}

std::map<std::string, Remembered> HeadFile::of(const std::string& store) const {
  std::map<std::string, Remembered> out;
  const auto prefix = key_of(store, "");
  for (const auto& [key, remembered] : heads_) {
    const auto source = key.starts_with(prefix) ? key.substr(prefix.size()) : std::string();
    if (!source.empty() && source.find(' ') == std::string::npos) out.emplace(source, remembered);
  }
  return out;
}

void HeadFile::add(const std::string& store, const std::string& source, const std::string& name,
                   const std::string& manifest_key, const Head& head) {
  load();  // another run may have written since
  auto& remembered = heads_[key_of(store, source)];
  remembered.name = name;
  remembered.newest = head;
  remembered.backups[manifest_key] = head.sequence;
  os::make_folders(path_.parent_path(), 0700);
  os::replace_file(path_, serialize(heads_));
}

}  // namespace owl::repository
