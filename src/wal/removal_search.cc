#include "wal/removal_search.h"

#include <algorithm>

namespace owl::wal {
namespace {

using postgres::RelationFile;

template <typename Item>
void move_to(std::vector<Item>& to, std::vector<Item>& from) {
  to.insert(to.end(), std::move_iterator(from.begin()), std::move_iterator(from.end()));
}

std::vector<postgres::Oid> tables_in(const SegmentEvents::Commit& commit, postgres::Oid database) {
  std::vector<postgres::Oid> tables;
  for (const auto& [in, table] : commit.tables) {
    if (in == database) tables.push_back(table);
  }
  return tables;
}

}  // namespace

std::string to_text(Removal::Kind kind) {
  switch (kind) {
    case Removal::Kind::dropped:
      return "dropped";
    case Removal::Kind::replaced:
      return "truncated or rewritten";
    case Removal::Kind::truncated:
      return "truncated";
    case Removal::Kind::emptied:
      return "emptied in place";
    case Removal::Kind::rows_deleted:
      return "rows deleted";
    case Removal::Kind::database_dropped:
      return "database dropped";
  }
  return {};
}

void RemovalSearch::add(const WalInfo::Segment& segment) {
  EventCollector crossing;
  if (segment.map) {
    if (glue_.enter(*segment.map, std::nullopt, crossing) == CarryGlue::Outcome::finished) add_events(crossing.take());
    glue_.leave(*segment.map);
  } else {
    glue_.forget();
  }
  if (segment.events) {
    add_events(*segment.events);
  } else {
    ++without_events_;
  }
}

void RemovalSearch::add_events(SegmentEvents events) {
  move_to(all_.commits, events.commits);
  for (std::size_t i = 0; i < events.creates.size(); ++i) {
    creates_of_.emplace(events.creates[i].xid, all_.creates.size() + i);
  }
  move_to(all_.creates, events.creates);
  move_to(all_.truncates, events.truncates);
  move_to(all_.table_truncates, events.table_truncates);
  move_to(all_.deletes, events.deletes);
  move_to(all_.database_drops, events.database_drops);
}

/// What one transaction made and dropped in a database.
RemovalSearch::Transaction RemovalSearch::transaction_of(const SegmentEvents::Commit& commit,
                                                         postgres::Oid database) const {
  Transaction out{&commit, {}, {}};
  for (const auto& file : commit.files) {
    if (file.database == database) out.dropped.push_back(file);
  }
  std::set<std::size_t> made;  // in the order of the WAL
  const auto note = [&](postgres::TransactionId xid) {
    const auto [begin, end] = creates_of_.equal_range(xid);
    for (auto at = begin; at != end; ++at) made.insert(at->second);
  };
  note(commit.xid);
  for (const auto xid : commit.subtransactions) note(xid);
  for (const auto index : made) {
    const auto& created = all_.creates[index];
    if (created.lsn < commit.lsn && created.file.database == database) out.created.push_back(created.file);
  }
  return out;
}

/// The files that the table has had, each with whether that is certain: from what it has now back over the transactions
/// that replaced one by another.
std::map<RelationFile, bool> RemovalSearch::trace_files(const Wanted& wanted) const {
  std::map<RelationFile, bool> files;
  for (const auto& file : wanted.files) files.emplace(file, true);
  for (auto commit = all_.commits.rbegin(); commit != all_.commits.rend(); ++commit) {
    const auto transaction = transaction_of(*commit, wanted.database);
    const auto& [unused, created, dropped] = transaction;
    for (std::size_t i = 0; i < created.size(); ++i) {
      const auto known = files.find(created[i]);
      if (known == files.end() || created.size() != dropped.size()) continue;
      // TRUNCATE replaces one file after the other, and a commit lists what it drops with the latest first. A rewrite
      // may do it in another order.
      files.emplace(dropped[dropped.size() - 1 - i], known->second && created.size() == 1);
    }
  }
  return files;
}

void RemovalSearch::find_commits(const Wanted& wanted, const std::map<RelationFile, bool>& files,
                                 std::vector<Removal>& out) const {
  for (const auto& commit : all_.commits) {
    const auto transaction = transaction_of(commit, wanted.database);
    Removal found{.stop_before = commit.lsn,
                  .xid = commit.xid,
                  .time = commit.time,
                  .files = transaction.dropped,
                  .tables = tables_in(commit, wanted.database)};
    const bool by_name = wanted.table && std::ranges::find(found.tables, *wanted.table) != found.tables.end();
    const auto dropped =
        std::ranges::find_if(transaction.dropped, [&](const auto& file) { return files.contains(file); });
    const auto created =
        std::ranges::find_if(transaction.created, [&](const auto& file) { return files.contains(file); });
    const bool has_dropped = dropped != transaction.dropped.end();
    const bool has_new = created != transaction.created.end() && !transaction.dropped.empty();
    if (!by_name && !has_dropped && !has_new) continue;
    const bool replaces = !by_name && !transaction.created.empty() && (found.tables.empty() || has_new);
    found.kind = replaces ? Removal::Kind::replaced : Removal::Kind::dropped;
    found.certain = by_name || (has_new ? files.at(*created) : files.at(*dropped));
    out.push_back(std::move(found));
  }
}

void RemovalSearch::find_deletes(const Wanted& wanted, const std::map<RelationFile, bool>& files,
                                 std::vector<Removal>& out) const {
  std::map<std::pair<RelationFile, postgres::TransactionId>, Removal> sums;
  for (const auto& deletes : all_.deletes) {
    const auto known = files.find(deletes.file);
    if (known == files.end()) continue;
    auto [sum, is_new] = sums.try_emplace({deletes.file, deletes.xid});
    if (is_new) {
      sum->second = {.kind = Removal::Kind::rows_deleted,
                     .stop_before = deletes.first,
                     .xid = deletes.xid,
                     .time = std::nullopt,
                     .files = {deletes.file},
                     .certain = known->second};
      if (deletes.before.micros != 0) sum->second.time = deletes.before;
    }
    sum->second.rows += deletes.rows;
  }
  for (auto& [key, sum] : sums) {
    if (sum.rows >= wanted.least_rows) out.push_back(std::move(sum));
  }
}

std::vector<Removal> RemovalSearch::removals_of(Wanted wanted) const {
  const auto files = trace_files(wanted);
  std::vector<Removal> out;
  find_commits(wanted, files, out);
  find_deletes(wanted, files, out);
  for (const auto& cut : all_.truncates) {
    // Without a transaction, or to some length: VACUUM gives back empty pages, and nothing is lost.
    const auto known = files.find(cut.file);
    if (known == files.end() || cut.blocks != 0 || cut.xid == 0) continue;
    out.push_back({.kind = Removal::Kind::emptied,
                   .stop_before = cut.lsn,
                   .xid = cut.xid,
                   .time = std::nullopt,
                   .files = {cut.file},
                   .certain = known->second});
  }
  for (const auto& cut : all_.table_truncates) {
    if (!wanted.table || cut.database != wanted.database ||
        std::ranges::find(cut.tables, *wanted.table) == cut.tables.end()) {
      continue;
    }
    out.push_back({.kind = Removal::Kind::truncated,
                   .stop_before = cut.lsn,
                   .xid = cut.xid,
                   .time = std::nullopt,
                   .files = {},
                   .tables = cut.tables});
  }
  for (const auto& drop : all_.database_drops) {
    if (drop.database != wanted.database) continue;
    out.push_back(
        {.kind = Removal::Kind::database_dropped, .stop_before = drop.lsn, .xid = drop.xid, .time = std::nullopt});
  }
  std::ranges::stable_sort(out, {}, &Removal::stop_before);
  return out;
}

std::vector<Removal> RemovalSearch::all_of(postgres::Oid database) const {
  std::vector<Removal> out;
  for (const auto& commit : all_.commits) {
    auto transaction = transaction_of(commit, database);
    auto tables = tables_in(commit, database);
    if (transaction.dropped.empty() && tables.empty()) continue;
    const bool replaces = tables.empty() && !transaction.created.empty();
    out.push_back({.kind = replaces ? Removal::Kind::replaced : Removal::Kind::dropped,
                   .stop_before = commit.lsn,
                   .xid = commit.xid,
                   .time = commit.time,
                   .files = std::move(transaction.dropped),
                   .tables = std::move(tables)});
  }
  return out;
}

}  // namespace owl::wal
