#include "wal/change_collector.h"

#include <algorithm>

// The read set that PostgreSQL's own summarizer keeps (walsummarizer.c), for main forks only: docs/change-map.md says
// which record means what, and why.

namespace owl::wal {
namespace {

constexpr std::uint32_t main_fork = 0;

}  // namespace

std::size_t ChangeCollector::HashFile::operator()(const postgres::RelationFile& file) const {
  const std::uint64_t folder = std::uint64_t{file.tablespace} << 32 | file.database;
  return static_cast<std::size_t>((folder * 0x9e3779b97f4a7c15 ^ file.relation) * 0x9e3779b97f4a7c15 >> 7);
}

ChangeCollector::Relation& ChangeCollector::relation(const postgres::RelationFile& file) {
  auto& recent = recent_[file.relation % recent_.size()];
  if (recent.at == nullptr || !(file == recent.file))
    recent = {file, &relations_[file]};  // they stay as the table grows
  return *recent.at;
}

void ChangeCollector::lower_limit(const postgres::RelationFile& file, postgres::BlockNumber limit) {
  auto& known = relation(file).limit;
  known = std::min(known.value_or(limit), limit);
}

void ChangeCollector::record(const postgres::WalRecord& record) {
  for (const auto& block : record.blocks) {
    if (block.fork == main_fork) relation(block.file()).blocks.add(block.block);
  }
}

void ChangeCollector::transaction_end(const postgres::TransactionEnd& end) {
  for (const auto& file : end.dropped) lower_limit(file, 0);
}

void ChangeCollector::relation_create(const postgres::RelationCreate& created) {
  if (created.fork == main_fork) lower_limit(created.file, 0);
}

void ChangeCollector::relation_truncate(const postgres::RelationTruncate& cut) {
  if ((cut.flags & postgres::RelationTruncate::heap) != 0) lower_limit(cut.file, cut.blocks);
}

void ChangeCollector::database_create(const postgres::DatabaseCreate& created) {
  databases_.emplace(created.tablespace, created.database);
}

void ChangeCollector::database_drop(const postgres::DatabaseDrop& dropped) {
  for (const auto tablespace : dropped.tablespaces) databases_.emplace(tablespace, dropped.database);
}

void ChangeCollector::tablespace_drop(const postgres::TablespaceDrop& dropped) {
  tablespaces_.insert(dropped.oid);
}

void ChangeCollector::note_wal_level(postgres::Lsn lsn, std::int32_t level) {
  if (level == postgres::WalLevelNote::minimal) poison_.push_back({Poison::Kind::minimal_wal, lsn});
}

void ChangeCollector::parameter_change(const postgres::ParameterChange& change) {
  note_wal_level(change.lsn, change.wal_level);
}

void ChangeCollector::wal_level(const postgres::WalLevelNote& note) {
  note_wal_level(note.lsn, note.wal_level);
}

void ChangeCollector::full_page_writes(const postgres::FullPageWritesNote& note) {
  if (!note.on && full_page_writes_off_.value == 0) full_page_writes_off_ = note.lsn;
}

void ChangeCollector::unexplained_change(const postgres::UnexplainedChange& change) {
  poison_.push_back({Poison::Kind::special_change, change.lsn});
}

void ChangeCollector::add(const ChangedBlocks& changes) {
  for (const auto& [file, what] : changes.relations) {
    if (what.limit) lower_limit(file, *what.limit);
    if (!what.blocks.empty()) relation(file).blocks.add(what.blocks);
  }
  databases_.insert(changes.databases.begin(), changes.databases.end());
  tablespaces_.insert(changes.tablespaces.begin(), changes.tablespaces.end());
}

ChangedBlocks ChangeCollector::take_changes() {
  ChangedBlocks out;
  for (auto& [file, relation] : relations_) {
    out.relations.emplace(file, RelationChanges{relation.blocks.take(), relation.limit});
  }
  relations_.clear();
  recent_.fill({});
  out.databases = std::exchange(databases_, {});
  out.tablespaces = std::exchange(tablespaces_, {});
  return out;
}

}  // namespace owl::wal
