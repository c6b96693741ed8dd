#include "app/restore_candidates.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/backup_view.h"
#include "app/heads_view.h"
#include "repository/head.h"

namespace owl::app {

void check_identity(Invocation& in, const Invocation::Secrets& secrets, const RestoreArguments& arguments) {
  const auto text = crypto::to_text(secrets.keys.fingerprint);
  in.monitor().note(fmt::format("Repository fingerprint {}", text));
  if (!arguments.fingerprint.empty()) {
    if (crypto::fingerprint_matches(secrets.keys.fingerprint, arguments.fingerprint)) return;
    throw Error(ErrorKind::conflict, fmt::format("this repository's fingerprint is {}, not the one given", text))
        .with_hint("The stores may hold a forged repository. Nothing was changed.");
  }
  if (!secrets.enrolled) {
    in.monitor().note(
        "This host sees the repository for the first time: anybody can encrypt to your public key, so compare the "
        "fingerprint with the one that init printed (or give it with --fingerprint).");
  }
}

namespace {

/// WAL leads to the same moment from whatever backup; without one, the newest backup itself is the moment, and another
/// must not quietly take its place.
void require_readable(const ViewedBackups& backups, const RestoreArguments& arguments) {
  if (backups.damaged.empty()) return;
  const auto& newest_damaged = backups.damaged.back();
  if (backups.whole.empty()) throw Error(newest_damaged.error);
  if (!arguments.immediate || newest_damaged.entry.key.start < backups.whole.back().entry.key.start) return;
  throw Error(newest_damaged.error)
      .with_hint(
          "It is the newest backup, which --immediate asks for. To restore another: --backup ID. Nothing was "
          "changed.");
}

}  // namespace

std::vector<cluster::Candidate> candidates_for(Invocation& in, const crypto::HostKeys& keys,
                                               const RestoreArguments& arguments) {
  std::vector<cluster::Candidate> out;
  if (!arguments.backup.empty()) {
    auto backup = find_one(in, keys, arguments.backup);
    out.push_back({backup.loaded, cluster_details(backup.loaded.manifest)});
    return out;
  }
  const auto backups = load_backups(in, keys, "cluster");
  for (const auto& backup : backups.whole) out.push_back({backup.loaded, cluster_details(backup.loaded.manifest)});
  require_readable(backups, arguments);
  report_damaged(in, backups);
  if (out.empty()) return out;
  // Backups of several clusters: the one that the configuration names, else the newest backup's.
  const auto wanted = in.settings().name;
  const bool named = std::ranges::any_of(out, [&](const auto& c) { return c.loaded.manifest.name == wanted; });
  if (named) std::erase_if(out, [&](const auto& c) { return c.loaded.manifest.name != wanted; });
  const auto system = out.back().details.system_id;
  std::erase_if(out, [&](const auto& c) { return c.details.system_id != system; });
  return out;
}

void compare_with_memory(Invocation& in, const crypto::HostKeys& keys) {
  const auto heads = read_heads(in);
  const auto listed = repository::list_backups(in.stores(), {}, in.stop());
  for (const auto& surveyed : repository::survey_heads(in.stores(), keys, listed, heads, in.stop())) {
    if (surveyed.source.kind != "cluster") continue;
    for (const auto& divergence : surveyed.divergences) {
      const auto text = repository::to_text(divergence);
      if (divergence.kind == repository::Divergence::Kind::behind)
        in.monitor().note(text);
      else
        in.monitor().warning(text);
    }
  }
}

void check_head(Invocation& in, const std::vector<cluster::Candidate>& candidates, const RestoreArguments& arguments) {
  if (candidates.empty()) return;
  const auto& newest = candidates.back().loaded;
  const repository::Head head{newest.manifest.sequence, newest.digest};
  in.monitor().note(fmt::format("Newest backup {} of {}, head {}", newest.manifest.sequence, newest.manifest.name,
                                repository::to_text(head)));
  if (arguments.expect_head.empty() || repository::head_matches(head, arguments.expect_head)) return;
  throw Error(ErrorKind::integrity,
              fmt::format("the newest backup's head is {}, not {} as expected: backups were lost or withheld",
                          repository::to_text(head), arguments.expect_head))
      .with_hint("Look at the other store, or restore what there is without --expect-head. Nothing was changed.");
}

}  // namespace owl::app
