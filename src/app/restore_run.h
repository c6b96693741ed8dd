#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "app/invocation.h"
#include "app/restore_arguments.h"
#include "app/restore_record.h"
#include "cluster/recovery_plan.h"
#include "cluster/restore.h"
#include "cluster/start.h"
#include "codec/json.h"

namespace owl::app {

/// One restore of a cluster, or of a part of it, from the plan to the running server. First `prepare`; then show_plan,
/// or execute, or restore and start. One thread.
class RestoreRun {
 public:
  /// Keeps a reference to the arguments.
  RestoreRun(Invocation& in, const RestoreArguments& arguments) : in_(in), arguments_(arguments) {}

  /// Says what part is restored, and what else depends on the plan.
  using Adjust =
      std::function<void(const cluster::RecoveryPlan&, repository::BlobReader&, cluster::RestoreOptions& options)>;
  /// Keys, backup and moment; everything that can be refused before the first write is refused here.
  void prepare(const Adjust& adjust);
  const cluster::RecoveryPlan& plan() const { return *plan_; }

  int show_plan();
  /// Restores, starts the server where that was asked for, and tells people.
  int execute();

  /// Writes the files and lets recovery have its WAL, from an agent or by a ticket.
  cluster::RestoreSize restore();
  /// Starts the server and waits for the target. `more`: settings beside those of every restored server.
  cluster::RestoredServer start(const std::map<std::string, std::string>& more = {});
  /// After `restore`: recovery is over, or not wanted any more. Its agent, record and the server's folder go.
  void finish();
  const std::filesystem::path& programs() const { return programs_; }  ///< of the backup's version; with --start

 private:
  std::filesystem::path run_directory() const;
  void make_plan(std::vector<cluster::Candidate> candidates);
  void require_answers();
  void find_programs();
  cluster::RestoreSize restore_files(wal::Fetcher& fetcher);
  void serve_wal();

  Invocation& in_;
  const RestoreArguments& arguments_;
  cluster::RestoreTarget target_;
  Invocation::Secrets secrets_;
  std::optional<cluster::RecoveryPlan> plan_;
  std::optional<repository::BlobReader> reader_;
  cluster::RestoreOptions options_;
  RestoreRecord record_;
  std::filesystem::path programs_;
};

}  // namespace owl::app
