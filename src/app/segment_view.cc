#include "app/segment_view.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/time.h"
#include "base/units.h"

namespace owl::app {
namespace {

using codec::Json;
using postgres::to_text;

constexpr std::size_t most_rows = 20;  // of relations, for people

Json lsn_or_null(postgres::Lsn lsn) {
  return lsn.value == 0 ? Json() : Json(to_text(lsn));
}

Json relations_json(const wal::ChangedBlocks& changes) {
  Json out = Json::array();
  for (const auto& [file, what] : changes.relations) {
    Json runs = Json::array();
    for (const auto& run : what.blocks.runs()) runs.push(Json::array().push(run.first).push(run.last));
    out.push(Json()
                 .set("relation", to_text(file))
                 .set("blocks", what.blocks.count())
                 .set("limit", what.limit ? Json(*what.limit) : Json())
                 .set("runs", std::move(runs)));
  }
  return out;
}

Json changes_json(const wal::ChangeMap& map) {
  Json databases = Json::array(), tablespaces = Json::array(), poison = Json::array();
  for (const auto& [tablespace, database] : map.changes.databases) {
    databases.push(Json().set("tablespace", tablespace).set("database", database));
  }
  for (const auto oid : map.changes.tablespaces) tablespaces.push(oid);
  for (const auto& one : map.poison) poison.push(Json().set("lsn", to_text(one.lsn)).set("reason", wal::to_text(one)));
  return Json()
      .set("blocks", map.changes.block_count())
      .set("relations", relations_json(map.changes))
      .set("databases", std::move(databases))
      .set("tablespaces", std::move(tablespaces))
      .set("unusable", std::move(poison))
      .set("full_page_writes_off", lsn_or_null(map.full_page_writes_off));
}

Json chain_json(const wal::ChangeMap& map) {
  Json out;
  out.set("first_record", lsn_or_null(map.first)).set("first_previous", lsn_or_null(map.first_previous));
  out.set("last_record", lsn_or_null(map.last)).set("end", to_text(map.end));
  out.set("continues_record", map.in.has_value() && !map.in->dropped).set("gives_record_up", map.in && map.in->dropped);
  out.set("head_resolved", !map.in || map.in->dropped || map.in->resolved);
  out.set("unfinished_record", map.out ? lsn_or_null(map.out->start) : Json());
  return out;
}

Json events_json(const wal::SegmentEvents& events) {
  Json commits = Json::array(), truncates = Json::array(), deletes = Json::array(), databases = Json::array();
  for (const auto& commit : events.commits) {
    Json files = Json::array(), tables = Json::array();
    for (const auto& file : commit.files) files.push(to_text(file));
    for (const auto& [database, table] : commit.tables) {
      tables.push(Json().set("database", database).set("oid", table));
    }
    commits.push(Json()
                     .set("lsn", to_text(commit.lsn))
                     .set("time", to_iso(commit.time))
                     .set("xid", commit.xid)
                     .set("files", std::move(files))
                     .set("tables", std::move(tables)));
  }
  for (const auto& cut : events.truncates) {
    truncates.push(Json()
                       .set("lsn", to_text(cut.lsn))
                       .set("xid", cut.xid)
                       .set("relation", to_text(cut.file))
                       .set("blocks", cut.blocks));
  }
  for (const auto& one : events.deletes) {
    deletes.push(Json()
                     .set("lsn", to_text(one.first))
                     .set("xid", one.xid)
                     .set("relation", to_text(one.file))
                     .set("rows", one.rows));
  }
  for (const auto& drop : events.database_drops) {
    databases.push(Json().set("lsn", to_text(drop.lsn)).set("xid", drop.xid).set("database", drop.database));
  }
  return Json()
      .set("dropping_commits", std::move(commits))
      .set("created", events.creates.size())
      .set("truncates", std::move(truncates))
      .set("deletes", std::move(deletes))
      .set("database_drops", std::move(databases));
}

Json named_events_json(const wal::WalInfo::Segment& s) {
  Json points = Json::array(), tablespaces = Json::array(), parameters = Json::array();
  for (const auto& p : s.restore_points) {
    points.push(Json().set("name", p.name).set("lsn", to_text(p.lsn)).set("time", to_iso(p.time)));
  }
  for (const auto& t : s.tablespaces)
    tablespaces.push(Json().set("lsn", to_text(t.lsn)).set("oid", t.oid).set("path", t.path));
  for (const auto& p : s.parameters) {
    parameters.push(
        Json().set("lsn", to_text(p.lsn)).set("wal_level", p.wal_level).set("max_connections", p.max_connections));
  }
  return Json()
      .set("restore_points", std::move(points))
      .set("tablespaces_created", std::move(tablespaces))
      .set("parameter_changes", std::move(parameters));
}

std::string records_text(const wal::SegmentEvents& events) {
  std::vector<std::pair<std::uint64_t, std::uint8_t>> counts;
  std::uint64_t total = 0;
  for (const auto& [manager, count] : events.records) {
    counts.emplace_back(count, manager);
    total += count;
  }
  std::ranges::sort(counts, std::greater{});
  std::string text = std::to_string(total);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? ": " : ", ", resource_manager_name(counts[i].second), counts[i].first);
  }
  return text;
}

void say_events(Output& out, const wal::WalInfo::Segment& s) {
  for (const auto& p : s.restore_points)
    out.say(fmt::format("Restore point {} at {}, {}", p.name, to_text(p.lsn), to_iso(p.time)));
  for (const auto& t : s.tablespaces)
    out.say(fmt::format("Tablespace    {} made at {}, {}", t.oid, to_text(t.lsn), t.path));
  for (const auto& p : s.parameters) {
    out.say(fmt::format("Parameters    at {}: wal_level {}, max_connections {}", to_text(p.lsn), p.wal_level,
                        p.max_connections));
  }
  if (!s.events) return;
  for (const auto& commit : s.events->commits) {
    out.say(fmt::format("Dropped       {} relations by transaction {}, committed {} at {}", commit.files.size(),
                        commit.xid, to_iso(commit.time), to_text(commit.lsn)));
  }
  for (const auto& one : s.events->deletes) {
    out.say(fmt::format("Deleted       {} rows of {} by transaction {} from {} on", one.rows, to_text(one.file),
                        one.xid, to_text(one.first)));
  }
  for (const auto& drop : s.events->database_drops) {
    out.say(fmt::format("Dropped       database {} at {}", drop.database, to_text(drop.lsn)));
  }
}

void say_map(Output& out, const wal::ChangeMap& map) {
  out.say(fmt::format("Changed       {} blocks in {} relations, {} databases as a whole", map.changes.block_count(),
                      map.changes.relations.size(), map.changes.databases.size()));
  if (map.in && map.in->dropped)
    out.say("Head          a record that a crash cut off was given up here");
  else if (map.in)
    out.say(fmt::format("Head          {} bytes of a record from before{}", map.in->part.size,
                        map.in->resolved ? "" : ", whose meaning is not known"));
  if (map.out)
    out.say(fmt::format("Tail          the record at {} goes on in the next segment", to_text(map.out->start)));
  for (const auto& poison : map.poison) out.say("Unusable      for incremental backups: " + wal::to_text(poison));
  if (map.full_page_writes_off.value != 0)
    out.say("Note          full_page_writes is off at " + to_text(map.full_page_writes_off));
}

void say_relations(Output& out, const wal::ChangedBlocks& changes) {
  std::vector<std::pair<std::uint64_t, postgres::RelationFile>> largest;
  for (const auto& [file, what] : changes.relations) largest.emplace_back(what.blocks.count(), file);
  std::ranges::sort(largest, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<std::vector<std::string>> rows;
  for (const auto& [count, file] : largest) {
    if (rows.size() == most_rows) break;
    const auto limit = changes.limit_of(file);
    rows.push_back({to_text(file), std::to_string(count), limit ? std::to_string(*limit) : ""});
  }
  if (!rows.empty()) out.table({"RELATION", "BLOCKS", "VOID FROM"}, rows);
  if (largest.size() > rows.size())
    out.say(fmt::format("and {} relations more; --json names all", largest.size() - rows.size()));
}

}  // namespace

std::string resource_manager_name(std::uint8_t id) {
  constexpr std::string_view names[] = {"XLOG",       "Transaction",   "Storage", "CLOG",     "Database",
                                        "Tablespace", "MultiXact",     "RelMap",  "Standby",  "Heap2",
                                        "Heap",       "Btree",         "Hash",    "Gin",      "Gist",
                                        "Sequence",   "SPGist",        "BRIN",    "CommitTs", "ReplicationOrigin",
                                        "Generic",    "LogicalMessage"};
  return id < std::size(names) ? std::string(names[id]) : fmt::format("custom {}", id);
}

codec::Json to_json(const wal::WalInfo& info) {
  Json out;
  out.set("file", info.file_name).set("system_id", std::to_string(info.system_id)).set("bytes", info.plain_size);
  const auto& s = info.segment;
  if (s.segment_size == 0) return out;
  out.set("version", s.major).set("segment_size", s.segment_size);
  out.set("first_record", lsn_or_null(s.first_record)).set("next_record", to_text(s.next_record)).set("ended", s.ended);
  Json ends;
  ends.set("count", s.transaction_ends);
  if (s.transaction_ends > 0) {
    ends.set("from", to_iso(s.min_time)).set("to", to_iso(s.max_time));
    ends.set("first_lsn", to_text(s.first_end)).set("last_lsn", to_text(s.last_end));
  }
  out.set("transaction_ends", std::move(ends)).set("events", named_events_json(s));
  if (s.events) {
    Json records = Json::object();
    for (const auto& [manager, count] : s.events->records) records.set(resource_manager_name(manager), count);
    out.set("records", std::move(records));
    out.set("xids", s.events->least_xid == 0
                        ? Json()
                        : Json().set("from", s.events->least_xid).set("to", s.events->greatest_xid));
    out.set("removals", events_json(*s.events));
  }
  if (s.map) out.set("chain", chain_json(*s.map)).set("changes", changes_json(*s.map));
  return out;
}

void say_segment(Output& out, const wal::WalInfo& info) {
  const auto& s = info.segment;
  out.say(
      fmt::format("File          {}, {}, of system {}", info.file_name, format_bytes(info.plain_size), info.system_id));
  if (s.segment_size == 0) return;
  out.say(fmt::format("WAL           PostgreSQL {}; records from {} up to {}{}", s.major,
                      s.first_record.value == 0 ? "(none begins here)" : to_text(s.first_record),
                      to_text(s.next_record), s.ended ? ", where it ends" : ""));
  if (s.events) out.say("Records       " + records_text(*s.events));
  if (s.transaction_ends > 0) {
    out.say(
        fmt::format("Transactions  {} ended, {} to {}", s.transaction_ends, to_iso(s.min_time), to_iso(s.max_time)));
  } else {
    out.say("Transactions  none ended");
  }
  if (s.events && s.events->least_xid != 0)
    out.say(fmt::format("Ids           {} to {}", s.events->least_xid, s.events->greatest_xid));
  say_events(out, s);
  if (!s.map) return out.say("Changed       not noted: it was archived by an earlier version");
  say_map(out, *s.map);
  say_relations(out, s.map->changes);
}

}  // namespace owl::app
