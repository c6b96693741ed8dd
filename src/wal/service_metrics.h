#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/time.h"
#include "storage/circuit_breaker.h"
#include "wal/archive_watch.h"
#include "wal/archiver.h"
#include "wal/disk_guard.h"
#include "wal/stream.h"

namespace owl::wal {

/// What the WAL service is doing, at one moment: `status` and the metrics are made of it.
struct ServiceSnapshot {
  Timestamp now;
  Archiver::State archiver;
  struct Lane {
    std::string store;
    StoreLane::State state;
  };
  std::vector<Lane> lanes;
  std::optional<Spool::State> spool;  ///< nullopt: there is none
  DiskState disk;
  bool disk_seen = false;  ///< false: pg_wal's disk is out of this account's sight
  ArchiveWatch::State watch;
  std::uint32_t segment_size = 0;
  /// Of what is marked `.ready` in archive_status; nullopt: out of sight.
  struct Waiting {
    std::uint64_t files = 0;
    Timestamp oldest;  ///< when the one that waits longest was marked; meaningless without files
  };
  std::optional<Waiting> waiting;
  std::optional<StreamState> stream;  ///< nullopt: this service streams nothing
};

/// Looks into archive_status.
std::optional<ServiceSnapshot::Waiting> waiting_files(const std::filesystem::path& data_directory);

/// The JSON object that `status` answers (docs/wal.md).
std::string to_json_text(const ServiceSnapshot& snapshot);

/// In Prometheus' text format; names as in docs/wal.md, "Metrics". `name`: the set-up's, a label of each sample.
std::string to_metrics(const ServiceSnapshot& snapshot, const std::string& name);

}  // namespace owl::wal
