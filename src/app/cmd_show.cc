#include <fmt/core.h>

#include "app/backup_view.h"
#include "app/command.h"
#include "base/units.h"

namespace owl::app {
namespace {

using codec::Json;

Json details_json(const cluster::ClusterDetails& d) {
  Json tablespaces = Json::array();
  for (const auto& t : d.tablespaces) tablespaces.push(Json().set("oid", t.oid).set("location", t.location));
  Json out;
  out.set("version", d.version).set("system_id", std::to_string(d.system_id)).set("timeline", d.timeline);
  out.set("start_lsn", postgres::to_text(d.start))
      .set("stop_lsn", postgres::to_text(d.stop))
      .set("from_standby", d.from_standby)
      .set("checksums", d.checksums);
  out.set("bad_pages", d.bad_pages).set("block_size", d.block_size).set("wal_segment_size", d.wal_segment_size);
  out.set("data_directory", d.data_directory).set("tablespaces", std::move(tablespaces));
  out.set("base", d.base).set("full_reason", d.full_reason).set("map_fault", d.map_fault);
  out.set("pages", d.pages_total).set("pages_read", d.pages_read).set("pages_audited", d.pages_audited);
  return out;
}

void say_how_made(Output& out, const cluster::ClusterDetails& d) {
  if (!d.base.empty()) {
    out.say(fmt::format("Read          {} of {} pages, {} more to audit the map; the rest is as in backup {}",
                        d.pages_read, d.pages_total, d.pages_audited, d.base.substr(0, 8)));
  } else if (!d.full_reason.empty()) {
    out.say(fmt::format("Read          everything, because {}", d.full_reason));
  }
  if (!d.map_fault.empty()) out.say(fmt::format("Map           was wrong: {}", d.map_fault));
}

void say_details(Output& out, const cluster::ClusterDetails& d) {
  out.say(fmt::format("PostgreSQL    {}.{}, system {}, timeline {}", d.version / 10000, d.version % 10000, d.system_id,
                      d.timeline));
  out.say(fmt::format("WAL           {} to {}", postgres::to_text(d.start), postgres::to_text(d.stop)));
  out.say(fmt::format("Checksums     {}, {} bad pages", d.checksums ? "on" : "off", d.bad_pages));
  say_how_made(out, d);
  out.say(fmt::format("Data          {}{}", d.data_directory, d.from_standby ? ", of a standby" : ""));
  for (const auto& t : d.tablespaces) {
    out.say(fmt::format("Tablespace    {} at {}", t.oid, t.location.empty() ? "pg_tblspc (in place)" : t.location));
  }
}

int run_show(Invocation& in, const std::string& id) {
  const auto backup = find_one(in, in.checked_keys(), id);
  const auto& m = backup.loaded.manifest;
  auto document = to_json(backup);
  auto& out = in.output();
  out.say(fmt::format("Backup        {} ({} {}{})", repository::short_id(backup.entry), m.kind, m.name,
                      m.label.empty() ? "" : ", " + m.label));
  out.say(fmt::format("Made          {} to {} on {}", to_iso(m.started), to_iso(m.finished), m.host));
  out.say(fmt::format("Size          {} in {} files; {} new in this backup; relies on {} packs",
                      format_bytes(m.plain_bytes), m.items, format_bytes(m.new_bytes), m.packs.size()));
  for (const auto& store : backup.entry.stores) out.say(fmt::format("Committed     {}", store));
  out.say(fmt::format("Head          {}/{}", m.sequence, to_hex(backup.loaded.digest).substr(0, 8)));
  if (m.kind == "cluster") {
    const auto details = cluster_details(m);
    say_details(out, details);
    document.set("cluster", details_json(details));
  }
  for (const auto& warning : m.warnings) out.say("warning: " + warning);
  out.result(document);
  return 0;
}

}  // namespace

void add_show(Command& app) {
  auto command = app.add_command("show", "One backup in detail", "owlbackup show latest");
  const auto id = std::make_shared<std::string>();
  command.option("ID", *id, "Unique prefix of an id, latest, latest:cluster").required();
  command.runs([id](Invocation& in) { return run_show(in, *id); });
}

}  // namespace owl::app
