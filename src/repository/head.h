#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace owl::repository {

/// The newest manifest of a source as this host wrote or saw it. Kept beside the key file and told by reports and
/// metrics, so that a store that was rolled back or lost backups is noticed.
struct Head {
  std::uint64_t sequence = 0;
  ByteArray<32> digest{};
};
/// "12/4f8a01bc": number and 8 digits, as `--expect-head` takes it.
std::string to_text(const Head& head);
bool head_matches(const Head& head, std::string_view text);

/// By store and source, joined by a space.
using HeadMap = std::map<std::string, Head>;
Bytes serialize(const HeadMap& heads);  ///< JSON
Result<HeadMap> parse_heads(ByteView bytes);

/// Heads by store and source ("cluster/<name id>"), in one small file that is replaced durably. What it remembers can
/// be had again from the stores, so a damaged one counts as empty.
class HeadFile {
 public:
  explicit HeadFile(std::filesystem::path path);
  std::optional<Head> find(const std::string& store, const std::string& source) const;
  void set(const std::string& store, const std::string& source, const Head& head);
  bool damaged() const { return damaged_; }  ///< was, when it was read

 private:
  void load();

  std::filesystem::path path_;
  HeadMap heads_;
  bool damaged_ = false;
};

}  // namespace owl::repository
