#include "repository/divergence.h"

#include <fmt/core.h>

#include <algorithm>

namespace owl::repository {
namespace {

std::uint64_t sequence(const std::optional<Head>& head) {
  return head ? head->sequence : 0;
}

std::string count_of_backups(std::uint64_t count) {
  return fmt::format("{} backup{}", count, count == 1 ? "" : "s");
}

/// "number 7", "numbers 5 and 7", "numbers 5 to 7": the ends tell enough of many.
std::string numbers_of(const std::map<std::string, std::uint64_t>& backups) {
  std::set<std::uint64_t> numbers;
  for (const auto& [path, number] : backups) numbers.insert(number);
  const auto first = *numbers.begin(), last = *numbers.rbegin();
  if (numbers.size() == 1) return fmt::format("number {}", first);
  if (numbers.size() == 2) return fmt::format("numbers {} and {}", first, last);
  return fmt::format("numbers {} {} {}", first, last - first + 1 == numbers.size() ? "to" : "…", last);
}

std::string newest_in(const Shown& shown) {
  if (shown.newest) return fmt::format("the newest there is number {}", shown.newest->sequence);
  return shown.manifests.empty() ? "there is none any more" : "of those that are left none opens";
}

class Comparison {
 public:
  Comparison(const Source& source, const std::vector<Shown>& stores, const HeadFile& heads)
      : source_(source), stores_(stores), heads_(heads) {
    for (const auto& shown : stores) everywhere_.insert(shown.manifests.begin(), shown.manifests.end());
  }

  std::vector<Divergence> run() {
    for (const auto& shown : stores_) {
      const auto remembered = remembered_of(source_, shown.store, heads_);
      find_lost(shown, remembered);
      find_other(shown, remembered.newest);
      find_behind(shown, remembered);
    }
    return std::move(found_);
  }

 private:
  Divergence& add(Divergence::Kind kind, const Shown& shown) {
    Divergence divergence;
    divergence.kind = kind;
    divergence.store = shown.store;
    divergence.source = to_text(source_);
    return found_.emplace_back(std::move(divergence));
  }

  void find_lost(const Shown& shown, const Remembered& remembered) {
    std::map<std::string, std::uint64_t> lost;
    for (const auto& backup : remembered.backups) {
      if (!shown.manifests.contains(backup.first)) lost.insert(backup);
    }
    if (lost.empty()) return;
    auto& divergence = add(Divergence::Kind::lost, shown);
    divergence.what = fmt::format("has lost {} of {} that this host put there: {}; {}", count_of_backups(lost.size()),
                                  divergence.source, numbers_of(lost), newest_in(shown));
    divergence.lost = std::move(lost);
  }

  void find_other(const Shown& shown, const Head& remembered) {
    if (!shown.newest || shown.newest->sequence != remembered.sequence || shown.newest->digest == remembered.digest)
      return;
    auto& divergence = add(Divergence::Kind::other, shown);
    divergence.what = fmt::format("shows another history of {}: its number {} is {}, and this host put {} there",
                                  divergence.source, remembered.sequence, to_text(*shown.newest), to_text(remembered));
  }

  void find_behind(const Shown& shown, const Remembered& remembered) {
    const auto lacking = std::ranges::count_if(everywhere_, [&](const std::string& path) {
      return !shown.manifests.contains(path) && !remembered.backups.contains(path);
    });
    if (lacking == 0) return;
    auto& divergence = add(Divergence::Kind::behind, shown);
    divergence.behind = static_cast<std::uint64_t>(lacking);
    const auto& best = *std::ranges::max_element(stores_, {}, [](const Shown& s) { return sequence(s.newest); });
    const auto missed = count_of_backups(divergence.behind);
    if (sequence(shown.newest) >= sequence(best.newest)) {
      divergence.what = fmt::format("lacks {} of {} that other stores have", missed, divergence.source);
    } else {
      divergence.what = fmt::format("is {} behind in {}: {}, store {} has number {}", missed, divergence.source,
                                    shown.newest ? newest_in(shown) : "it has none", best.store, best.newest->sequence);
    }
  }

  const Source& source_;
  const std::vector<Shown>& stores_;
  const HeadFile& heads_;
  std::set<std::string> everywhere_;
  std::vector<Divergence> found_;
};

}  // namespace

std::string to_text(const Source& source) {
  return source.kind + " " + source.name;
}

std::string to_text(Divergence::Kind kind) {
  switch (kind) {
    case Divergence::Kind::lost:
      return "lost";
    case Divergence::Kind::other:
      return "other";
    case Divergence::Kind::behind:
      break;
  }
  return "behind";
}

std::string to_text(const Divergence& divergence) {
  return fmt::format("store {} {}", divergence.store, divergence.what);
}

std::vector<Divergence> compare_heads(const Source& source, const std::vector<Shown>& stores, const HeadFile& heads) {
  return Comparison(source, stores, heads).run();
}

Remembered remembered_of(const Source& source, const std::string& store, const HeadFile& heads) {
  Remembered all;
  for (const auto& id : source.ids) {
    const auto* const under_id = heads.find(store, source.kind + "/" + id);
    if (under_id == nullptr) continue;
    if (under_id->newest.sequence > all.newest.sequence) all.newest = under_id->newest;
    all.backups.insert(under_id->backups.begin(), under_id->backups.end());
  }
  return all;
}

}  // namespace owl::repository
