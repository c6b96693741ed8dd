#include <fmt/core.h>

#include "app/backup_view.h"
#include "app/command.h"
#include "base/units.h"
#include "os/system.h"
#include "proof/verify.h"

namespace owl::app {
namespace {

using codec::Json;

struct VerifyArguments {
  std::vector<std::string> ids;
  bool data = false;
};

std::vector<repository::BackupEntry> chosen(Invocation& in, const crypto::HostKeys& keys,
                                            const VerifyArguments& arguments) {
  auto all = repository::list_backups(in.stores(), {}, in.stop());
  if (arguments.ids.empty()) return all;
  std::vector<repository::BackupEntry> out;
  for (const auto& id : arguments.ids) out.push_back(repository::find_backup(all, id, keys));
  return out;
}

Json to_json(const proof::VerifyResult& result) {
  Json damages = Json::array();
  for (const auto& damage : result.damages) {
    Json backups = Json::array();
    for (const auto& backup : damage.backups) backups.push(backup);
    damages.push(Json()
                     .set("store", damage.store)
                     .set("object", damage.object)
                     .set("what", damage.what)
                     .set("backups", std::move(backups)));
  }
  return Json()
      .set("manifests", result.manifests)
      .set("packs", result.packs)
      .set("wal_objects", result.wal_objects)
      .set("blobs", result.blobs)
      .set("bytes", result.bytes)
      .set("damages", std::move(damages));
}

int run_verify(Invocation& in, const VerifyArguments& arguments) {
  in.output().stream_events();
  crypto::HostKeys keys;
  proof::VerifyOptions options;
  options.workers = os::processor_count();
  options.data = arguments.data;
  if (arguments.data) {
    auto secrets = in.unwrap();
    keys = secrets.keys;
    options.secrets = std::move(secrets.secrets);
  } else {
    keys = in.checked_keys();
  }
  const auto result = proof::verify(chosen(in, keys, arguments), in.stores(), keys, options, in.monitor(), in.stop());
  in.output().say(
      fmt::format("{} backups, {} packs, {} WAL objects, {} read{}", result.manifests, result.packs, result.wal_objects,
                  format_bytes(result.bytes),
                  arguments.data ? fmt::format(", {} blobs opened and compared with their names", result.blobs) : ""));
  for (const auto& damage : result.damages) {
    in.output().say(fmt::format("DAMAGED {} in {}: {}; {} backups rely on it", damage.object, damage.store, damage.what,
                                damage.backups.size()));
  }
  if (result.damages.empty()) in.output().say("No damage found.");
  in.output().result(to_json(result));
  return result.damages.empty() ? 0 : describe(ErrorKind::integrity).exit_code;
}

}  // namespace

void add_verify(Command& app) {
  auto command =
      app.add_command("verify", "Hold stored objects against what the manifests say", "owlbackup verify --data latest");
  const auto arguments = std::make_shared<VerifyArguments>();
  command.option("ID", arguments->ids, "Backups; all when left out");
  command.flag("--data", arguments->data, "Decrypt every blob and compare it with its name (needs the private key)");
  command.runs([arguments](Invocation& in) { return run_verify(in, *arguments); });
}

}  // namespace owl::app
