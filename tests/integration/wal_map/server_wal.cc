#include "server_wal.h"

#include <gtest/gtest.h>

#include "os/file.h"
#include "postgres/wal_fan_out.h"
#include "wal/change_collector.h"
#include "wal/forerunner.h"
#include "wal/wal_object.h"

namespace owl::wal {
namespace {

using postgres::Lsn;

/// Passes on what lies in a stretch of LSNs. Records come in order, and events with their records.
class Stretch final : public postgres::WalVisitor {
 public:
  Stretch(Lsn from, Lsn to, postgres::WalVisitor& to_whom) : from_(from), to_(to), whom_(to_whom) {}

  void record(const postgres::WalRecord& e) override {
    if (first.value == 0) first = e.lsn;
    end = e.end;
    pass(e, &WalVisitor::record);
  }
  void transaction_end(const postgres::TransactionEnd& e) override { pass(e, &WalVisitor::transaction_end); }
  void tablespace_drop(const postgres::TablespaceDrop& e) override { pass(e, &WalVisitor::tablespace_drop); }
  void relation_create(const postgres::RelationCreate& e) override { pass(e, &WalVisitor::relation_create); }
  void relation_truncate(const postgres::RelationTruncate& e) override { pass(e, &WalVisitor::relation_truncate); }
  void database_create(const postgres::DatabaseCreate& e) override { pass(e, &WalVisitor::database_create); }
  void database_drop(const postgres::DatabaseDrop& e) override { pass(e, &WalVisitor::database_drop); }

  Lsn first, end;

 private:
  template <typename Event>
  void pass(const Event& event, void (WalVisitor::*what)(const Event&)) {
    if (event.lsn >= from_ && event.lsn < to_) (whom_.*what)(event);
  }
  Lsn from_, to_;
  postgres::WalVisitor& whom_;
};

}  // namespace

ServerWal::ServerWal(const std::filesystem::path& data_directory) : folder(data_directory / "pg_wal") {
  const auto entries = os::list_folder(folder).value();
  for (const auto& entry : entries) {
    const auto id = postgres::parse_segment_name(entry.name, segment_size);
    if (!id) continue;
    auto bytes = os::read_file(folder / entry.name);
    const auto header = postgres::parse_segment_header(bytes);
    // Files that were made or recycled for later hold no WAL of their own yet.
    if (!header || header->page_address != postgres::start_of(*id, segment_size)) continue;
    ids.push_back(*id);
    segments.push_back(std::move(bytes));
  }
  postgres::WalVisitor nobody;
  Stretch stretch({}, {}, nobody);
  postgres::WalWalker walker(segment_size);
  for (std::size_t i = 0; i < ids.size(); ++i) walker.feed(segments[i], ids[i], stretch);
  first = stretch.first;
  end = stretch.end;
}

std::vector<ChangeMap> ServerWal::maps() const {
  std::vector<ChangeMap> maps;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto header = value_or_throw(postgres::check_segment(segments[i], ids[i]));
    const auto before = unfinished_in_folder(segments[i], header, folder);
    WalInfo info;
    info.file_name = postgres::to_file_name(ids[i], segment_size);
    info.segment = describe_segment(segments[i], ids[i], header, before ? &*before : nullptr);
    const auto bytes = serialize(info);
    testing::Test::RecordProperty("info_bytes_" + info.file_name, static_cast<int>(bytes.size()));
    maps.push_back(*value_or_throw(parse_wal_info(bytes)).segment.map);
  }
  return maps;
}

ChangedBlocks ServerWal::changes_between(Lsn from, Lsn to) const {
  ChangeCollector collector;
  Stretch stretch(from, to, collector);
  postgres::WalWalker walker(segment_size);
  for (std::size_t i = 0; i < ids.size(); ++i) walker.feed(segments[i], ids[i], stretch);
  return collector.take_changes();
}

}  // namespace owl::wal
