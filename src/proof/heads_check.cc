#include "proof/heads_check.h"

#include <fmt/core.h>

#include "proof/findings.h"
#include "repository/head_survey.h"

namespace owl::proof {
namespace {

using repository::Divergence;

constexpr std::string_view on_purpose =
    "If it was removed on purpose, remove heads.json from this host's state directory.";
constexpr std::string_view compare_by_hand =
    "The store was rolled back or replaced, or this host's state was: compare with the heads in earlier reports.";

/// Another store that shows it.
std::string elsewhere(const repository::SurveyedSource& source, const std::string& path) {
  for (const auto& shown : source.stores) {
    if (shown.manifests.contains(path)) return fmt::format("Store {} still has it.", shown.store);
  }
  return "No store has it.";
}

void add_findings(const repository::SurveyedSource& source, const Divergence& divergence, Findings& findings) {
  for (const auto& [path, number] : divergence.lost) {
    findings.add({{},
                  path,
                  fmt::format("backup number {} of {} is gone, which this host put there", number, divergence.source),
                  Concern::backups,
                  fmt::format("{} {}", elsewhere(source, path), on_purpose),
                  {path}});
  }
  if (divergence.kind == Divergence::Kind::other) {
    findings.add({{},
                  fmt::format("backups/{}/", source.source.kind),
                  fmt::format("the store {}", divergence.what),
                  Concern::backups,
                  std::string(compare_by_hand),
                  {}});
  }
}

}  // namespace

void check_heads(const std::vector<repository::BackupEntry>& listed, repository::StoreSet& stores,
                 const crypto::HostKeys& host, const repository::HeadFile& heads, Monitor& monitor,
                 VerifyResult& result, const std::stop_token& stop) {
  for (const auto& source : repository::survey_heads(stores, host, listed, heads, stop)) {
    for (const auto& divergence : source.divergences) {
      Findings findings(divergence.store, monitor, result);
      add_findings(source, divergence, findings);
      if (divergence.kind == Divergence::Kind::behind) monitor.warning(repository::to_text(divergence));
    }
  }
}

}  // namespace owl::proof
