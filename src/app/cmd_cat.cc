
#include <cstdio>

#include "app/backup_view.h"
#include "app/command.h"
#include "cluster/restore_tree.h"
#include "repository/blob_reader.h"

namespace owl::app {
namespace {

int run_cat(Invocation& in, const std::string& id, const std::string& path) {
  auto secrets = in.unwrap();
  const auto backup = find_one(in, secrets.keys, id);
  repository::BlobReader reader(in.stores(), secrets.keys, std::move(secrets.secrets));
  const auto bytes = cluster::read_file_of(backup.loaded.manifest, reader, path, in.stop());
  in.output().clear_progress();
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() || std::fflush(stdout) != 0) {
    throw Error(ErrorKind::io, "can't write to standard output");
  }
  return 0;
}

}  // namespace

void add_cat(Command& app) {
  auto command = app.add_command("cat", "One file of a backup on standard output (needs the private key)",
                                 "owlbackup cat latest PG_VERSION");
  const auto id = std::make_shared<std::string>(), path = std::make_shared<std::string>();
  command.option("ID", *id, "Unique prefix of an id, latest, latest:cluster").required();
  command.option("PATH", *path, "As ls shows it").required();
  command.runs([id, path](Invocation& in) { return run_cat(in, *id, *path); });
}

}  // namespace owl::app
