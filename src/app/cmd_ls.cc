#include <fmt/core.h>

#include "app/backup_view.h"
#include "app/command.h"
#include "base/units.h"
#include "cluster/restore_tree.h"
#include "repository/blob_reader.h"

namespace owl::app {
namespace {

using codec::Json;

bool is_under(std::string_view path, std::string_view prefix) {
  return prefix.empty() || path == prefix || (path.starts_with(prefix) && path[prefix.size()] == '/');
}

/// Names and sizes are metadata: the host's keys are enough.
int run_ls(Invocation& in, const std::string& id, std::string prefix) {
  while (prefix.ends_with('/')) prefix.pop_back();
  const auto& keys = in.checked_keys();
  const auto backup = find_one(in, keys, id);
  repository::BlobReader reader(in.stores(), keys, {});
  const auto tree = cluster::load_tree(
      backup.loaded.manifest, reader, [](const auto&) { return false; }, in.stop());
  Json document = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& file : tree.files) {
    if (!is_under(file.path, prefix)) continue;
    const bool folder = file.type == cluster::EntryType::folder;
    rows.push_back({folder ? "" : std::to_string(file.size), to_iso({file.modified.micros / 1'000'000 * 1'000'000}),
                    file.path + (folder ? "/" : "")});
    document.push(Json()
                      .set("path", file.path)
                      .set("folder", folder)
                      .set("size", file.size)
                      .set("modified", to_iso(file.modified))
                      .set("crc32c", fmt::format("{:08x}", file.crc32c)));
  }
  if (rows.empty()) throw Error(ErrorKind::not_found, fmt::format("the backup has nothing at {}", prefix));
  in.output().table({"SIZE", "MODIFIED", "PATH"}, rows);
  in.output().result(document);
  return 0;
}

}  // namespace

void add_ls(Command& app) {
  auto command = app.add_command("ls", "The files of a backup", "owlbackup ls latest base/5");
  const auto id = std::make_shared<std::string>(), path = std::make_shared<std::string>();
  command.option("ID", *id, "Unique prefix of an id, latest, latest:cluster").required();
  command.option("PATH", *path, "Only what is at or under this path");
  command.runs([id, path](Invocation& in) { return run_ls(in, *id, *path); });
}

}  // namespace owl::app
