#include <fmt/core.h>

#include "app/cluster_backup.h"
#include "app/command.h"
#include "app/invocation.h"
#include "base/units.h"

namespace owl::app {
namespace {

using codec::Json;

struct BackupArguments {
  std::string label;
  bool full = false;
};

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
  out.set("head", result.head).set("duration_ms", result.duration.count());
  return out;
}

int run_backup_cluster(Invocation& in, const BackupArguments& arguments) {
  in.output().stream_events();
  const auto& keys = in.checked_keys();
  const auto result = cluster::run_backup(backup_options(in, arguments.label), in.stores(), keys, in.clock(),
                                          in.random(), in.monitor(), in.stop());
  for (const auto& store : in.stores().dropped()) {
    in.monitor().warning(fmt::format("the backup is not in store {}; it is whole in the others", store));
  }
  std::string stores;
  for (const auto& store : result.stores) stores += (stores.empty() ? "" : ", ") + store;
  in.output().say(fmt::format("Backup {} of {} files: {} read, {} stored, in {}; in {}; head {}", result.id,
                              result.files, format_bytes(result.read_bytes), format_bytes(result.stored_bytes),
                              format_duration(result.duration), stores, result.head));
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
  command.runs([arguments](Invocation& in) { return run_backup_cluster(in, *arguments); });
}

}  // namespace owl::app
