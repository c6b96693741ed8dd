#include <fmt/core.h>
#include <gnu/libc-version.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "app/command.h"
#include "app/restore_arguments.h"
#include "app/restore_candidates.h"
#include "app/restore_record.h"
#include "app/restore_view.h"
#include "base/units.h"
#include "cluster/collation.h"
#include "cluster/preload_libraries.h"
#include "cluster/restore.h"
#include "cluster/start.h"
#include "os/file.h"
#include "os/system.h"
#include "wal/enrolment.h"

namespace owl::app {
namespace {

using codec::Json;

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

/// One `restore cluster`, from the plan to the running server.
class RestoreRun {
 public:
  RestoreRun(Invocation& in, const RestoreArguments& arguments) : in_(in), arguments_(arguments) {}

  int run() {
    in_.output().stream_events();
    target_ = target_of(arguments_, in_.clock().now());
    if (!arguments_.time.empty()) {
      in_.monitor().note(
          fmt::format("--target-time {} is understood as {}", arguments_.time, to_postgres(target_.time)));
    }
    secrets_ = in_.unwrap();
    check_identity(in_, secrets_, arguments_);
    auto candidates = candidates_for(in_, secrets_.keys, arguments_);
    compare_with_memory(in_, secrets_.keys);
    check_head(in_, candidates, arguments_);
    make_plan(std::move(candidates));
    require_answers();
    repository::BlobReader reader(in_.stores(), secrets_.keys, secrets_.secrets);
    options_.to = std::filesystem::weakly_canonical(std::filesystem::absolute(arguments_.to));
    options_.tablespace_map = tablespace_map(arguments_.tablespaces);
    options_.workers = std::max(2u, os::processor_count());
    options_.owner = owner_of(arguments_, plan_->base.details);
    options_.delta = arguments_.delta;
    options_.databases = cluster::choose_databases(arguments_.databases, *plan_, reader, in_.stop());
    cluster::check_target(options_, *plan_);
    find_programs();
    if (auto text = cluster::collation_warning(plan_->base.details, gnu_get_libc_version()))
      in_.monitor().warning(std::move(*text));
    if (arguments_.dry_run) return show_plan(reader);
    return execute(reader);
  }

 private:
  void make_plan(std::vector<cluster::Candidate> candidates) {
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
  void require_answers() {
    const auto silent = in_.stores().dropped();
    if (silent.empty()) return;
    throw Error(
        ErrorKind::unreachable,
        fmt::format("store {} does not answer: recovery could not prove where the archived WAL ends", silent.front()))
        .with_hint(fmt::format("To restore from {} alone, as far as it goes: --store {}. Nothing was changed.",
                               in_.stores().alive().front().name, in_.stores().alive().front().name));
  }

  /// Before the first write: a restore that can't be started must say so now.
  void find_programs() {
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

  int show_plan(repository::BlobReader& reader) {
    const auto size = cluster::measure_restore(options_, *plan_, reader, in_.stop());
    say_plan(in_.output(), *plan_, size);
    say_left_out(in_.output(), options_.databases);
    in_.output().say("Nothing was changed (--dry-run).");
    in_.output().result(plan_json(*plan_, size).set("left_out", left_out_json(options_.databases)));
    return 0;
  }

  int execute(repository::BlobReader& reader) {
    const auto begin = in_.clock().monotonic();
    const auto record = make_record(in_, options_.to, *plan_, options_.owner);
    options_.commands = recovery_commands(record, arguments_.ticket);
    wal::Fetcher fetcher(in_.stores(), secrets_.keys, secrets_.secrets,
                         {record.system_id, plan_->path, record.segment_size});
    const auto size = cluster::restore_cluster(options_, *plan_, reader, fetcher, in_.monitor(), in_.stop());
    wal::Enrolments(in_.settings().state.directory).forget(options_.to);
    serve_wal(record);
    const auto duration = in_.clock().monotonic() - begin;
    in_.output().say(fmt::format("Restored {} in {} files to {} in {}", format_bytes(size.plain_bytes), size.files,
                                 options_.to.string(), format_duration(duration)));
    say_delta(in_.output(), size);
    say_left_out(in_.output(), options_.databases);
    auto document = plan_json(*plan_, size);
    document.set("left_out", left_out_json(options_.databases))
        .set("to", options_.to.string())
        .set("duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
    if (arguments_.start)
      start(record, document);
    else
      in_.output().say(
          fmt::format("Start PostgreSQL {} on it: recovery fetches its WAL by itself, then the cluster opens.",
                      postgres::major_version(plan_->base.details.version)));
    in_.output().result(document);
    return 0;
  }

  /// Recovery asks for WAL long after this program has ended: an agent holds the keys, or a ticket does.
  void serve_wal(const RestoreRecord& record) {
    save_record(in_, record);
    const auto ticket = make_ticket(in_, record, secrets_);
    if (arguments_.ticket) {
      wal::write_ticket(record.ticket, ticket, record.owner_uid, record.owner_gid);
      in_.output().say(
          fmt::format("Recovery ticket {}: it holds the keys; the end of recovery removes it, or `owlbackup restore "
                      "finish --to {}`",
                      record.ticket.string(), options_.to.string()));
    } else {
      start_agent(in_, record, ticket);
    }
  }

  void start(const RestoreRecord& record, Json& document) {
    cluster::StartOptions start;
    start.data_directory = options_.to;
    start.programs = programs_;
    start.run_directory =
        (os::is_root() ? std::filesystem::path("/run/owlbackup") : in_.settings().state.directory / "run") / record.id;
    start.account = options_.owner;
    start.port = arguments_.port;
    os::make_folders(start.run_directory, 0755);
    give_to(record, start.run_directory);
    auto server = cluster::start_restored(start, *plan_, in_.clock(), in_.monitor(), in_.stop());
    if (server.outcome != cluster::RestoredServer::Outcome::shut_down) {
      cluster::warn_of_outdated_collations(server.process, in_.monitor());
    }
    server.process.detach();
    say_outcome(in_.output(), server, *plan_, options_.to, document);
  }

  static void give_to(const RestoreRecord& record, const std::filesystem::path& folder) {
    if (os::is_root() && ::chown(folder.c_str(), record.owner_uid, record.owner_gid) != 0) {
      throw Error(ErrorKind::io, fmt::format("can't give {} to uid {}", folder.string(), record.owner_uid))
          .with_errno(errno);
    }
  }

  Invocation& in_;
  const RestoreArguments& arguments_;
  cluster::RestoreTarget target_;
  Invocation::Secrets secrets_;
  std::optional<cluster::RecoveryPlan> plan_;
  cluster::RestoreOptions options_;
  std::filesystem::path programs_;
};

void add_target_options(Command& command, RestoreArguments& a) {
  std::vector<Option> targets{
      command.option("--target-time", a.time, "As PostgreSQL prints it, ISO 8601, or -15min; UTC without a zone"),
      command.option("--target-lsn", a.lsn, "A WAL position, 16/B374D848"),
      command.option("--target-xid", a.xid, "A transaction"),
      command.option("--target-name", a.name, "A restore point (pg_create_restore_point)"),
      command.flag("--immediate", a.immediate, "As soon as the backup is consistent")};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    for (std::size_t k = 0; k < targets.size(); ++k) {
      if (i != k) targets[i].excludes(targets[k]);
    }
  }
  command.flag("--target-exclusive", a.exclusive, "Stop just before the target rather than just after it");
  command.option("--target-timeline", a.timeline, "A timeline's number, or latest");
  command.option("--target-action", a.action, "What to do there").one_of({"pause", "promote", "shutdown"});
}

void add_cluster_restore(Command& restore) {
  auto command =
      restore.add_command("cluster", "Restore a cluster, to its newest state or to a moment",
                          "owlbackup restore cluster --to /srv/pg --target-time '2026-11-22 14:30:00+00' --start");
  const auto a = std::make_shared<RestoreArguments>();
  command.option("--to", a->to, "The new data directory: empty, or not there yet (but see --delta)").required();
  command.option("--backup", a->backup, "Begin from this backup (else the newest that fits)");
  add_target_options(command, *a);
  command.option("--tablespace-map", a->tablespaces, "OLD=NEW: put the tablespace of that location (or oid) elsewhere");
  auto databases = command.option("--database", a->databases,
                                  "Only this database, and what initdb made; of the others only holes (repeatable)");
  auto delta = command.flag(
      "--delta", a->delta,
      "Into a directory of this cluster, old or damaged: write only what differs, remove what is not of it");
  databases.excludes(delta);
  command.flag("--start", a->start, "Start the server, with settings of its own, and wait for the end of recovery");
  command.option("--port", a->port, "Port (of the socket's name) for --start").within(1, 65535);
  command.flag("--recovery-ticket", a->ticket, "Leave a file with the keys, so that recovery goes on after a reboot");
  command.option("--owner", a->owner, "As root: the account that will own the files (else as in the backup)");
  command.option("--fingerprint", a->fingerprint, "Refuse a repository with another fingerprint");
  command.option("--expect-head", a->expect_head, "Refuse if the newest backup is another one");
  command.flag("--dry-run", a->dry_run, "Show the plan and change nothing");
  command.runs([a](Invocation& in) { return RestoreRun(in, *a).run(); });
}

}  // namespace

void add_restore(Command& app) {
  auto restore = app.add_command("restore", "Bring back what was backed up", "owlbackup restore cluster --to /srv/pg");
  restore.require_command();
  add_cluster_restore(restore);

  const auto to = std::make_shared<std::string>();
  const auto from_stdin = std::make_shared<bool>(false);
  auto agent = restore.add_command("agent", "Serve WAL to a restored cluster's recovery, after a reboot for instance",
                                   "owlbackup restore agent --to /srv/pg");
  agent.option("--to", *to, "The data directory that was restored").required();
  agent.flag("--stdin", *from_stdin, "Read a recovery ticket from standard input");
  agent.runs(
      [to, from_stdin](Invocation& in) { return run_agent(in, std::filesystem::weakly_canonical(*to), *from_stdin); });

  auto finish = restore.add_command("finish", "Recovery is over: stop the agent, remove the ticket",
                                    "owlbackup restore finish --to /srv/pg");
  finish.option("--to", *to, "The data directory that was restored").required();
  finish.runs([to](Invocation& in) { return run_finish(in, std::filesystem::weakly_canonical(*to)); });
}

}  // namespace owl::app
