#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace owl::repository {

/// The newest manifest of a source. A host keeps it beside the key file, and reports and metrics carry it away, so that
/// a store that was rolled back or lost backups is noticed.
struct Head {
  std::uint64_t sequence = 0;
  ByteArray<32> digest{};
};
/// "12/4f8a01bc": number and 8 digits, as `--expect-head` takes it.
std::string to_text(const Head& head);
bool head_matches(const Head& head, std::string_view text);

/// What a host remembers of one source in one store.
struct Remembered {
  std::string name;  ///< of the source, which its id doesn't tell
  Head newest;
  std::map<std::string, std::uint64_t> backups;  ///< that this host put there: the manifest's key → its number
};

/// By store and source, joined by a space.
using HeadMap = std::map<std::string, Remembered>;
Bytes serialize(const HeadMap& heads);  ///< JSON
Result<HeadMap> parse_heads(ByteView bytes);

/// What this host put where: by store and source ("cluster/<name id>"), in one small file that is replaced durably. It
/// is the one witness that no store can touch; whoever deletes backups on purpose removes it, and the next backup
/// begins it anew. A damaged one counts as empty.
class HeadFile {
 public:
  explicit HeadFile(std::filesystem::path path);
  /// nullptr: nothing. Valid until `add`.
  const Remembered* find(const std::string& store, const std::string& source) const;
  /// All that is remembered of a store, by source.
  std::map<std::string, Remembered> of(const std::string& store) const;
  /// Adds a backup, which becomes the newest.
  void add(const std::string& store, const std::string& source, const std::string& name,
           const std::string& manifest_key, const Head& head);
  bool damaged() const { return damaged_; }  ///< was, when it was read

 private:
  void load();

  std::filesystem::path path_;
  HeadMap heads_;
  bool damaged_ = false;
};

}  // namespace owl::repository
