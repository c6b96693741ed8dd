#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "os/file.h"
#include "os/test_support.h"
#include "postgres/control_file.h"
#include "postgres/test_samples.h"
#include "postgres/wal_script.h"
#include "wal/archiver.h"
#include "wal/test_support.h"

/// For unit tests only.
namespace owl::wal::test {

/// A data directory on disk as a running server leaves it, segments 3, 4, 5 … of whole WAL, and an archiver into two
/// stores in memory, with hooks before and after each of their operations.
class ServiceBench {
 public:
  explicit ServiceBench(std::uint64_t segments = 4) {
    os::make_folders(data_directory / "global");
    os::make_folders(data_directory / "pg_wal/archive_status");
    os::replace_file(data_directory / "global/pg_control", control);
    Enrolments(state_directory).enrol(data_directory, {1});
    for (std::uint64_t i = 0; i < segments; ++i) {
      wal.commit(700 + static_cast<postgres::TransactionId>(i), {1'790'000'000'000'000 + 1'000'000 * (std::int64_t)i});
      wal.add_switch();
    }
    options.policy = {2};
    options.state_directory = state_directory;
    options.zstd_level = 1;
    options.lane.uploads = 1;
    options.patience = std::chrono::seconds(20);
  }

  std::string name(std::uint64_t number) const { return segment_name(1, number); }
  std::string key(std::uint64_t number) const {
    return repository::keys::wal_object(std::to_string(system_id), name(number));
  }
  std::filesystem::path path(const std::string& file) const { return data_directory / "pg_wal" / file; }

  /// A segment into pg_wal; `marker`: .ready, .done, or nothing.
  void put(std::uint64_t number, const std::string& marker = ".ready") {
    put(name(number), wal.segments().at(number - 3), marker);
  }
  void put(const std::string& file, ByteView content, const std::string& marker) {
    os::replace_file(path(file), content);
    if (!marker.empty()) os::replace_file(data_directory / "pg_wal/archive_status" / (file + marker), {});
  }
  WalSource source(const std::string& file) { return open_wal_source(path(file), data_directory, archive.clock); }
  WalSource source(std::uint64_t number) { return source(name(number)); }

  Archiver& archiver() {
    if (!archiver_) {
      archiver_ = std::make_unique<Archiver>(archive.stores, archive.keys, options, archive.clock, archive.random,
                                             archive.monitor);
    }
    return *archiver_;
  }
  void end() { archiver_.reset(); }
  StoreLane& lane(std::size_t i) { return *archiver().lanes().at(i); }

  /// What goes to that store fails from now on.
  void kill(const std::string& store, ErrorKind kind = ErrorKind::unreachable) {
    archive.hooks.before = [store, kind](const repository::test::Operation& operation) {
      if (operation.store == store) throw Error(kind, "connection refused");
    };
  }
  void heal() { archive.hooks.before = nullptr; }

  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  os::test::TemporaryFolder folder;
  const std::filesystem::path data_directory = folder / "pg", state_directory = folder / "state";
  const Bytes control = postgres::control_file_sample(15);
  const postgres::SystemId system_id = value_or_throw(postgres::parse_control_file(control)).system_id;
  postgres::WalScript wal{postgres::WalBuilder::Options{.system_id = system_id}};
  ArchiveBench archive;
  ArchiverOptions options;

 private:
  std::unique_ptr<Archiver> archiver_;
};

}  // namespace owl::wal::test
