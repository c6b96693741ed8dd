#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cluster/cluster_walk.h"
#include "cluster/map_writer.h"
#include "cluster/page_audit.h"
#include "cluster/piece_reader.h"
#include "cluster/read_plan.h"
#include "cluster/restore_tree.h"
#include "os/file.h"
#include "repository/catalogue.h"
#include "repository/test_support.h"

/// For unit tests only.
namespace owl::cluster::test {

/// A data directory without a server, and a repository in memory to which it is backed up.
class TreeBench {
 public:
  static Bytes pattern(std::size_t size, int seed) {
    storage::FakeRandom random(static_cast<std::uint64_t>(seed) + 100);
    Bytes bytes(size);
    random.fill(bytes);
    return bytes;
  }
  static void write_at(const std::filesystem::path& path, ByteView content) {
    os::make_folders(path.parent_path());
    os::replace_file(path, content);
  }
  void write(const std::string& path, ByteView content) { write_at(source / path, content); }

  /// As backup.cc does, but for what a server tells. With `base` only what changed since is read.
  struct Base {
    repository::LoadedManifest backup;
    wal::ChangedBlocks changes;
    AuditShare audit = {1'000'000, 0};
    AuditStretch stretch = {};
  };
  repository::LoadedManifest back_up(const std::optional<Base>& base = std::nullopt) {
    const auto files = list_cluster({source, "PG_15_202209061", 8192, 131072, listed_at, {}, {}});
    auto options = bench.options();
    options.pack_bytes = 1 << 20;
    repository::BackupSession session(stores, bench.keys, options, bench.clock, bench.random, bench.monitor, {});
    FilePieces pieces;
    PieceReader piece_reader(files, pieces, session, bench.keys.writer_naming, {source, 8192, checksums, 1},
                             bench.clock);
    MapWriter map(files, pieces, session, bench.monitor);
    BoundedQueue<WorkItem> queue(1'000'000);
    if (base) {
      EarlierMap earlier(base->backup, reader, session, 8192, {});
      auto marks = EarlierMarks::of_bytes(marks_of_last, {last_lease, "boot"});
      const ReadPlan::Earlier known{earlier, marks, base->changes, base->audit};
      ReadPlan({files, pieces, 8192, known, [] {}, bench.clock}).run(queue, {});
    } else {
      ReadPlan({files, pieces, 8192, std::nullopt, [] {}, bench.clock}).run(queue, {});
    }
    PageAudit audit(files, {source, 8192, checksums, true, base ? base->stretch : AuditStretch{}}, bench.monitor,
                    bench.clock);
    read_bytes = audited_bytes = 0;
    if (after_planning) after_planning();
    while (const auto item = queue.pop()) {
      (item->is_audit() ? audited_bytes : read_bytes) +=
          item->is_audit() ? audit.process(*item) : piece_reader.process(*item);
      map.advance();
    }
    if (files.holds_control()) {
      const auto control = static_cast<std::uint32_t>(files.size_without_control());
      piece_reader.process_bytes(control, os::read_file(source / control_path));
    }
    session.flush_data();
    map.finish();
    known_blobs = session.known_blobs();
    commit(session, map);
    last_lease = to_hex(session.manifest_key().lease);
    marks_of_last.clear();
    write_marks({last_lease, "boot"}, files, [&](ByteView bytes) { append(marks_of_last, bytes); });
    bench.clock.advance(std::chrono::minutes(1));  // so that the next one is the newer
    return *repository::load_manifest(stores, bench.keys, repository::list_backups(stores).back());
  }

  os::test::TemporaryFolder folder;
  const std::filesystem::path source = folder / "pg", target = folder / "restored";
  repository::test::Bench bench;
  repository::StoreSet stores = bench.raw_stores();
  repository::BlobReader reader{stores, bench.keys, bench.secrets};
  std::uint64_t known_blobs = 0;                    ///< that the last backup found
  std::uint64_t read_bytes = 0, audited_bytes = 0;  ///< by the last backup
  bool checksums = true;
  Timestamp listed_at;  ///< what the clock says when files are listed: 0, and no file has a mark
  std::string last_lease;
  Bytes marks_of_last;
  std::function<void()> after_planning;  ///< before anything is read

 private:
  static void commit(repository::BackupSession& session, const MapWriter& map) {
    repository::Manifest manifest;
    manifest.kind = "cluster";
    manifest.name = "testdb";
    manifest.plain_bytes = map.summary().plain_bytes;
    manifest.leaves = map.leaves().leaves();
    session.commit(std::move(manifest), map.leaves().packs_used(), {});
  }
};

}  // namespace owl::cluster::test
