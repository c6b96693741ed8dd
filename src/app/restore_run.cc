#include "app/restore_run.h"

#include <fmt/core.h>
#include <gnu/libc-version.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "app/restore_candidates.h"
#include "app/restore_view.h"
#include "base/units.h"
#include "cluster/collation.h"
#include "cluster/preload_libraries.h"
#include "os/file.h"
#include "os/system.h"
#include "wal/enrolment.h"

namespace owl::app {
namespace {

std::optional<std::string> owner_of(const RestoreArguments& arguments, const cluster::ClusterDetails& details) {
  if (!os::is_root()) return std::nullopt;
  if (!arguments.owner.empty()) return arguments.owner;
  return details.owner.empty() || details.owner == "root" ? "postgres" : details.owner;
}

std::string program_beside(const char* name) {
  return (std::filesystem::canonical("/proc/self/exe").parent_path() / name).string();
}

/// What recovery will run for each WAL file, and when the cluster opens: a ticket holds keys, so nothing of it may
/// stay. Emptied first, in case its folder can't be written to.
cluster::RecoveryCommands recovery_commands(const RestoreRecord& record, bool by_ticket) {
  const auto word = [](const std::filesystem::path& path) { return cluster::command_word(path.string()); };
  if (!by_ticket) {
    return {fmt::format("{} --agent {} fetch %f %p", word(program_beside("owl-wal")), word(record.socket)), ""};
  }
  const auto ticket = word(record.ticket);
  return {fmt::format("{} wal fetch --ticket {} %f %p", word(program_beside("owlbackup")), ticket),
          fmt::format(": > {} && rm -f {}", ticket, ticket)};
}

void give_to(const RestoreRecord& record, const std::filesystem::path& folder) {
  if (os::is_root() && ::chown(folder.c_str(), record.owner_uid, record.owner_gid) != 0) {
    throw Error(ErrorKind::io, fmt::format("can't give {} to uid {}", folder.string(), record.owner_uid))
        .with_errno(errno);
  }
}

}  // namespace

void RestoreRun::prepare(const Adjust& adjust) {
  in_.output().stream_events();
  target_ = target_of(arguments_, in_.clock().now());
  if (!arguments_.time.empty()) {
    in_.monitor().note(fmt::format("--target-time {} is understood as {}", arguments_.time, to_postgres(target_.time)));
  }
  secrets_ = in_.unwrap();
  check_identity(in_, secrets_, arguments_);
  auto candidates = candidates_for(in_, secrets_.keys, arguments_);
  compare_with_memory(in_, secrets_.keys);
  check_head(in_, candidates, arguments_);
  make_plan(std::move(candidates));
  require_answers();
  reader_.emplace(in_.stores(), secrets_.keys, secrets_.secrets);
  options_.to = std::filesystem::weakly_canonical(std::filesystem::absolute(arguments_.to));
  options_.tablespace_map = tablespace_map(arguments_.tablespaces);
  options_.workers = std::max(2u, os::processor_count());
  options_.owner = owner_of(arguments_, plan_->base.details);
  options_.delta = arguments_.delta;
  adjust(*plan_, *reader_, options_);
  cluster::check_target(options_, *plan_);
  find_programs();
  if (auto text = cluster::collation_warning(plan_->base.details, gnu_get_libc_version()))
    in_.monitor().warning(std::move(*text));
}

void RestoreRun::make_plan(std::vector<cluster::Candidate> candidates) {
  const auto system = candidates.empty() ? 0 : candidates.back().details.system_id;
  auto archive = wal::Archive::load(in_.stores(), system, in_.stop());
  wal::Fetcher fetcher(in_.stores(), secrets_.keys, secrets_.secrets,
                       {system, std::nullopt, candidates.empty() ? 0 : candidates.back().details.wal_segment_size});
  plan_ = cluster::plan_recovery(std::move(candidates), target_, archive, fetcher, in_.monitor(), in_.stop());
  options_.is_archived = [archive = std::move(archive)](const std::string& wal_file) {
    const auto name = postgres::parse_wal_file_name(wal_file);
    return name && archive.has(name->timeline, wal_file);
  };
}

/// Recovery ends where the archive ends, and that a store which doesn't answer has no more can't be proven.
void RestoreRun::require_answers() {
  const auto silent = in_.stores().dropped();
  if (silent.empty()) return;
  throw Error(
      ErrorKind::unreachable,
      fmt::format("store {} does not answer: recovery could not prove where the archived WAL ends", silent.front()))
      .with_hint(fmt::format("To restore from {} alone, as far as it goes: --store {}. Nothing was changed.",
                             in_.stores().alive().front().name, in_.stores().alive().front().name));
}

/// Before the first write: a restore that can't be started must say so now.
void RestoreRun::find_programs() {
  if (!arguments_.start) return;
  const int major = postgres::major_version(plan_->base.details.version);
  const auto found = postgres::find_server_programs(major, in_.settings().postgres.bin_directory);
  if (!found) {
    throw Error(ErrorKind::refused,
                fmt::format("--start needs the programs of PostgreSQL {}, and they are not on this host", major))
        .with_hint(fmt::format(
            "Install postgresql-{}, or name their folder in [postgres] bin_directory. Nothing was changed.", major));
  }
  programs_ = *found;
  cluster::require_preload_libraries(plan_->base.details, programs_);
}

int RestoreRun::show_plan() {
  const auto size = cluster::measure_restore(options_, *plan_, *reader_, in_.stop());
  say_plan(in_.output(), *plan_, size);
  say_left_out(in_.output(), options_.scope);
  in_.output().say("Nothing was changed (--dry-run).");
  in_.output().result(plan_json(*plan_, size).set("left_out", left_out_json(options_.scope)));
  return 0;
}

int RestoreRun::execute() {
  const auto begin = in_.clock().monotonic();
  const auto size = restore();
  const auto duration = in_.clock().monotonic() - begin;
  in_.output().say(fmt::format("Restored {} in {} files to {} in {}", format_bytes(size.plain_bytes), size.files,
                               options_.to.string(), format_duration(duration)));
  say_delta(in_.output(), size);
  say_left_out(in_.output(), options_.scope);
  auto document = plan_json(*plan_, size);
  document.set("left_out", left_out_json(options_.scope))
      .set("to", options_.to.string())
      .set("duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  if (arguments_.start) {
    auto server = start();
    server.process.detach();
    say_outcome(in_.output(), server, *plan_, options_.to, document);
  } else {
    in_.output().say(
        fmt::format("Start PostgreSQL {} on it: recovery fetches its WAL by itself, then the cluster opens.",
                    postgres::major_version(plan_->base.details.version)));
  }
  in_.output().result(document);
  return 0;
}

cluster::RestoreSize RestoreRun::restore_files(wal::Fetcher& fetcher) {
  try {
    return cluster::restore_cluster(options_, *plan_, *reader_, fetcher, in_.monitor(), in_.stop());
  } catch (Error& error) {
    if (error.kind() != ErrorKind::cancelled) throw;
    throw std::move(error).with_hint(
        fmt::format("What is in {} is not whole, and no server starts on it. The same command restores it anew.",
                    options_.to.string()));
  }
}

cluster::RestoreSize RestoreRun::restore() {
  record_ = make_record(in_, options_.to, *plan_, options_.owner);
  options_.commands = recovery_commands(record_, arguments_.ticket);
  wal::Fetcher fetcher(in_.stores(), secrets_.keys, secrets_.secrets,
                       {record_.system_id, plan_->path, record_.segment_size});
  auto size = restore_files(fetcher);
  wal::Enrolments(in_.settings().state.directory).forget(options_.to);
  serve_wal();
  return size;
}

/// Recovery asks for WAL long after this program has ended: an agent holds the keys, or a ticket does.
void RestoreRun::serve_wal() {
  save_record(in_, record_);
  const auto ticket = make_ticket(in_, record_, secrets_);
  if (!arguments_.ticket) return start_agent(in_, record_, ticket);
  wal::write_ticket(record_.ticket, ticket, record_.owner_uid, record_.owner_gid);
  in_.output().say(
      fmt::format("Recovery ticket {}: it holds the keys; the end of recovery removes it, or `owlbackup restore "
                  "finish --to {}`",
                  record_.ticket.string(), options_.to.string()));
}

std::filesystem::path RestoreRun::run_directory() const {
  return (os::is_root() ? std::filesystem::path("/run/owlbackup") : in_.settings().state.directory / "run") /
         record_.id;
}

void RestoreRun::finish() {
  finish_restore(in_, record_);
  std::filesystem::remove_all(run_directory());
}

cluster::RestoredServer RestoreRun::start(const std::map<std::string, std::string>& more) {
  cluster::StartOptions start;
  start.data_directory = options_.to;
  start.programs = programs_;
  start.run_directory = run_directory();
  start.account = options_.owner;
  start.port = arguments_.port;
  start.settings = more;
  os::make_folders(start.run_directory, 0755);
  give_to(record_, start.run_directory);
  auto server = cluster::start_restored(start, *plan_, in_.clock(), in_.monitor(), in_.stop());
  if (server.outcome != cluster::RestoredServer::Outcome::shut_down) {
    cluster::warn_of_outdated_collations(server.process, in_.monitor());
  }
  return server;
}

}  // namespace owl::app
