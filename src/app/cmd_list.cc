#include <fmt/core.h>

#include "app/backup_view.h"
#include "app/command.h"
#include "app/heads_view.h"
#include "base/units.h"

namespace owl::app {
namespace {

using codec::Json;

struct ListArguments {
  std::string kind, label;
};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ",") + word;
  return out;
}

/// Without keys a listing shows what paths show, and says so.
int list_paths(Invocation& in, const ListArguments& arguments) {
  in.monitor().note("This host has no keys of the repository: only what object names show can be listed.");
  Json document = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : repository::list_backups(in.stores(), arguments.kind, in.stop())) {
    rows.push_back({repository::short_id(entry), entry.key.kind, entry.key.name_id, to_iso(entry.key.start),
                    joined(entry.stores)});
    document.push(Json()
                      .set("id", repository::short_id(entry))
                      .set("kind", entry.key.kind)
                      .set("name_id", entry.key.name_id)
                      .set("started", to_iso(entry.key.start)));
  }
  in.output().table({"ID", "KIND", "NAME ID", "STARTED", "STORES"}, rows);
  in.output().result(document);
  return 0;
}

std::string how_text(const repository::Manifest& manifest) {
  const auto how = how_made(manifest);
  if (!how) return "";
  return how->base.empty() ? "full" : "on " + how->base;
}

int run_list(Invocation& in, const ListArguments& arguments) {
  if (!repository::read_key_file_if_exists(in.key_file())) return list_paths(in, arguments);
  const auto& keys = in.checked_keys();
  Json document = Json::array();
  std::vector<std::vector<std::string>> rows;
  const auto backups = load_backups(in, keys, arguments.kind);
  for (const auto& backup : backups.whole) {
    const auto& m = backup.loaded.manifest;
    if (!arguments.label.empty() && m.label != arguments.label) continue;
    rows.push_back({repository::short_id(backup.entry), m.kind, m.name, m.label, how_text(m),
                    to_iso({m.finished.micros / 1'000'000 * 1'000'000}), format_bytes(m.plain_bytes),
                    format_bytes(m.new_bytes), joined(backup.entry.stores),
                    m.warnings.empty() ? "" : fmt::format("{} warnings", m.warnings.size())});
    document.push(to_json(backup));
  }
  if (rows.empty() && backups.damaged.empty())
    in.output().say("No backups yet: `owlbackup backup cluster` makes one.");
  else if (!rows.empty())
    in.output().table({"ID", "KIND", "NAME", "LABEL", "READ", "FINISHED", "SIZE", "NEW", "STORES", ""}, rows);
  in.output().result(document);
  survey_stores(in, keys);
  return report_damaged(in, backups);
}

}  // namespace

void add_list(Command& app) {
  auto command = app.add_command("list", "The backups there are", "owlbackup list --kind cluster --json");
  const auto arguments = std::make_shared<ListArguments>();
  command.option("--kind", arguments->kind, "Only this kind").one_of({"cluster", "dump", "files"});
  command.option("--label", arguments->label, "Only those with this label");
  command.runs([arguments](Invocation& in) { return run_list(in, *arguments); });
}

}  // namespace owl::app
