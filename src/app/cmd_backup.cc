#include <fmt/core.h>

#include <charconv>

#include "app/cluster_backup.h"
#include "app/command.h"
#include "app/invocation.h"
#include "base/units.h"

namespace owl::app {
namespace {

using codec::Json;

struct BackupArguments {
  std::string label, audit;
  bool full = false, from_standby = false;
};

/// "5%": a twentieth of the pages. Every page has its turn after so many backups.
std::uint32_t audit_period(const std::string& text) {
  unsigned percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error == std::errc{} && (rest.empty() || rest == "%") && percent >= 1 && percent <= 100) return 100 / percent;
  throw Error(ErrorKind::usage, fmt::format("--audit {} is no share from 1% to 100%", text));
}

/// "incremental on 1a2b3c4d: read 120 of 707000 pages, audited 23000".
std::string how_made(const cluster::BackupResult& result) {
  if (result.base.empty()) return fmt::format("full, because {}", result.full_reason);
  return fmt::format("incremental on {}: read {} of {} pages, audited {}", result.base, result.pages_read, result.pages,
                     result.pages_audited);
}

Json to_json(const cluster::BackupResult& result) {
  Json stores = Json::array();
  for (const auto& store : result.stores) stores.push(store);
  Json out;
  out.set("id", result.id).set("key", result.key).set("stores", std::move(stores)).set("files", result.files);
  out.set("plain_bytes", result.plain_bytes)
      .set("read_bytes", result.read_bytes)
      .set("stored_bytes", result.stored_bytes);
  out.set("known_blobs", result.known_blobs).set("bad_pages", result.bad_pages).set("start_lsn", result.start_lsn);
  out.set("stop_lsn", result.stop_lsn).set("timeline", result.timeline).set("sequence", result.sequence);
  out.set("incremental", !result.base.empty()).set("pages", result.pages).set("pages_read", result.pages_read);
  out.set("pages_audited", result.pages_audited);
  if (!result.base.empty()) out.set("base", result.base);
  if (!result.full_reason.empty()) out.set("full_reason", result.full_reason);
  if (!result.map_fault.empty()) out.set("map_fault", result.map_fault);
  out.set("head", result.head).set("duration_ms", result.duration.count());
  return out;
}

int run_backup_cluster(Invocation& in, const BackupArguments& arguments) {
  in.output().stream_events();
  const auto& keys = in.checked_keys();
  auto options = backup_options(in, arguments.label);
  options.full = arguments.full;
  options.from_standby = arguments.from_standby;
  if (!arguments.audit.empty()) options.audit_period = audit_period(arguments.audit);
  const auto result = cluster::run_backup(options, in.stores(), keys, in.clock(), in.random(), in.monitor(), in.stop());
  for (const auto& store : in.stores().dropped()) {
    in.monitor().warning(fmt::format("the backup is not in store {}; it is whole in the others", store));
  }
  std::string stores;
  for (const auto& store : result.stores) stores += (stores.empty() ? "" : ", ") + store;
  in.output().say(fmt::format("Backup {} of {} files: {} read, {} stored, in {}; in {}; head {}", result.id,
                              result.files, format_bytes(result.read_bytes), format_bytes(result.stored_bytes),
                              format_duration(result.duration), stores, result.head));
  in.output().say(fmt::format("It is {}", how_made(result)));
  in.output().result(to_json(result));
  return 0;
}

}  // namespace

void add_backup(Command& app) {
  auto backup = app.add_command("backup", "Make a backup", "owlbackup backup cluster --label before-upgrade");
  backup.require_command();
  auto command = backup.add_command("cluster", "Physical base backup of the PostgreSQL cluster on this host",
                                    "owlbackup backup cluster --label before-upgrade");
  const auto arguments = std::make_shared<BackupArguments>();
  command.option("--label", arguments->label, "A word of your own, shown by list");
  command.flag("--full", arguments->full, "Read everything, whatever is known of earlier backups");
  command.flag(
      "--from-standby", arguments->from_standby,
      "Read the files of a standby on this host; [postgres] primary, where it is set, is asked for a checkpoint");
  command.option("--audit", arguments->audit,
                 "Share of the pages that no change map names to read and compare all the same [default: a thirtieth]");
  command.runs([arguments](Invocation& in) { return run_backup_cluster(in, *arguments); });
}

}  // namespace owl::app
