#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "app/backup_view.h"
#include "app/command.h"
#include "app/heads_view.h"
#include "app/wal_status.h"
#include "base/units.h"
#include "wal/stream_price.h"

namespace owl::app {
namespace {

using codec::Json;

std::string ago(Timestamp then, Timestamp now) {
  return format_duration(now - then) + " ago";
}

/// The newest backup of each source, and how many there are.
Json show_backups(Invocation& in, const ViewedBackups& backups) {
  std::map<std::string, std::pair<const ViewedBackup*, std::size_t>> newest;
  for (const auto& backup : backups.whole) {
    auto& [last, count] = newest[backup.loaded.manifest.kind + " " + backup.loaded.manifest.name];
    last = &backup;
    ++count;
  }
  Json document = Json::array();
  if (newest.empty() && backups.damaged.empty())
    in.output().say("Backups       none yet: `owlbackup backup cluster` makes one");
  for (const auto& [source, entry] : newest) {
    const auto& [backup, count] = entry;
    in.output().say(fmt::format("Backups       {}: {}, the newest {} finished {} in {} stores", source, count,
                                repository::short_id(backup->entry),
                                ago(backup->loaded.manifest.finished, in.clock().now()), backup->entry.stores.size()));
    for (const auto& warning : backup->loaded.manifest.warnings) {
      in.monitor().warning(fmt::format("backup {}: {}", repository::short_id(backup->entry), warning));
    }
    document.push(to_json(*backup).set("count", count));
  }
  if (!backups.damaged.empty())
    in.output().say(
        fmt::format("Backups       {} CAN'T BE READ: `owlbackup verify` tells more", backups.damaged.size()));
  return document;
}

Json show_stores(Invocation& in) {
  Json document = Json::array();
  for (const auto& member : in.stores().alive()) {
    in.output().say(fmt::format("Store         {}", member.store->description()));
    document.push(Json().set("name", member.name).set("reachable", true));
  }
  for (const auto& name : in.stores().dropped()) {
    in.output().say(fmt::format("Store         {}: CAN'T BE REACHED", name));
    document.push(Json().set("name", name).set("reachable", false));
  }
  return document;
}

/// What reports carry away: number and digest of the newest backup that each store shows.
void show_heads(Invocation& in, const std::vector<repository::SurveyedSource>& sources) {
  for (const auto& surveyed : sources) {
    std::vector<std::string> heads;
    for (const auto& shown : surveyed.stores) {
      heads.push_back(fmt::format("{} in {}", shown.newest ? repository::to_text(*shown.newest) : "none", shown.store));
    }
    in.output().say(fmt::format("Head          {}: {}", repository::to_text(surveyed.source), fmt::join(heads, ", ")));
  }
}

Json show_wal(Invocation& in, const crypto::HostKeys& keys) {
  const auto objective = in.settings().objectives.rpo;
  const auto status = gather_wal_status(in, keys);
  say_wal_sums(in.output(), status, objective);
  for (const auto& warning : wal_warnings(status, objective)) in.monitor().warning(warning);
  return to_json(status, objective);
}

/// Pieces of the open segment are the one thing that costs by the clock.
Json show_streaming(Invocation& in) {
  const auto& wal = in.settings().wal;
  const auto price = wal::monthly_price(wal.stream_interval, wal.open_stores);
  in.output().say(
      fmt::format("Streaming     every {} to {} store{}: at most {} requests a month (${:.2f} on R2, ${:.2f} on S3)",
                  format_duration(wal.stream_interval), wal.open_stores, wal.open_stores == 1 ? "" : "s", price.puts,
                  price.r2_dollars, price.s3_dollars));
  return Json()
      .set("interval_seconds", static_cast<double>(wal.stream_interval.count()) / 1000)
      .set("stores", wal.open_stores)
      .set("requests_a_month_at_most", price.puts);
}

int run_status(Invocation& in) {
  const auto& keys = in.checked_keys();
  in.output().say(fmt::format("Repository    {}", crypto::to_text(keys.fingerprint)));
  Json document;
  document.set("fingerprint", to_hex(keys.fingerprint));
  const auto backups = load_backups(in, keys);
  document.set("backups", show_backups(in, backups)).set("damaged", damaged_json(backups));
  document.set("wal", show_wal(in, keys));
  if (in.settings().wal.stream) document.set("streaming", show_streaming(in));
  const auto sources = survey_stores(in, keys);
  show_heads(in, sources);
  document.set("heads", heads_json(sources));
  document.set("divergences", divergences_json(sources));
  document.set("stores", show_stores(in));
  in.output().result(document);
  return report_damaged(in, backups);
}

}  // namespace

void add_status(Command& app) {
  app.add_command("status", "Health at a glance", "owlbackup status --json").runs(run_status);
}

}  // namespace owl::app
