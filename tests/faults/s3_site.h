#pragma once

#include <map>
#include <string>
#include <vector>

#include "e2e/site.h"
#include "support/faulty_proxy.h"
#include "support/s3_server.h"

namespace owl::test {

using Environment = std::map<std::string, std::string>;

/// OWLBACKUP_STORAGE__PRIMARY__<KEY>: a key of the store, for one run.
inline Environment with_store(const std::string& key, const std::string& value) {
  return {{"OWLBACKUP_STORAGE__PRIMARY__" + key, value}};
}

/// A Site whose one store, `primary`, is a bucket of Ceph's gateway behind a FaultyProxy: what owlbackup, PostgreSQL's
/// archive_command and recovery say to the store passes through there. One for all tests of this program; each leaves
/// it with a store that works. A request is tried again twice, so that what stays broken is told soon.
class S3Site {
 public:
  static S3Site& shared();

  FaultyProxy& proxy() { return proxy_; }
  S3Server& gateway() { return gateway_; }
  Site& site() { return site_; }
  std::string where() const { return "primary (s3://" + bucket_ + "/faults)"; }
  std::string bucket() const { return bucket_; }

  /// Something new to store: a few MiB that don't compress.
  void change_something();
  std::size_t count_backups();
  std::string newest_wal();  ///< the file archived last

  /// All data in the store is what it should be, by `verify --data`, and a restore of it is one to PostgreSQL's own
  /// pg_verifybackup. Without faults.
  void expect_sound();
  /// Restores the newest backup. Where that succeeds, pg_verifybackup is asked; where not, nothing may be left that a
  /// server could start on.
  RunResult restore_judged();

 private:
  S3Site();

  S3Server& gateway_;
  std::string bucket_;
  FaultyProxy proxy_;
  Site site_;
  int restored_ = 0;
};

/// Rules of the shared proxy, for as long as this lives.
class Faults {
 public:
  explicit Faults(std::vector<FaultRule> rules) { S3Site::shared().proxy().set(std::move(rules)); }
  ~Faults() { S3Site::shared().proxy().clear(); }
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;
  static int happened() { return S3Site::shared().proxy().happened(); }
};

}  // namespace owl::test
