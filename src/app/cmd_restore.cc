#include "app/command.h"
#include "app/restore_commands.h"
#include "app/restore_record.h"
#include "app/restore_run.h"
#include "cluster/database_scope.h"

namespace owl::app {
namespace {

int run_cluster_restore(Invocation& in, const RestoreArguments& arguments) {
  RestoreRun run(in, arguments);
  run.prepare([&](const auto& plan, auto& reader, auto& options) {
    options.scope = cluster::scope_of_databases(arguments.databases, plan, reader, in.stop());
  });
  return arguments.dry_run ? run.show_plan() : run.execute();
}

}  // namespace

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
}

namespace {

void add_cluster_restore(Command& restore) {
  auto command =
      restore.add_command("cluster", "Restore a cluster, to its newest state or to a moment",
                          "owlbackup restore cluster --to /srv/pg --target-time '2026-11-22 14:30:00+00' --start");
  const auto a = std::make_shared<RestoreArguments>();
  command.option("--to", a->to, "The new data directory: empty, or not there yet (but see --delta)").required();
  command.option("--backup", a->backup, "Begin from this backup (else the newest that fits)");
  add_target_options(command, *a);
  command.option("--target-action", a->action, "What to do there").one_of({"pause", "promote", "shutdown"});
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
  command.runs([a](Invocation& in) { return run_cluster_restore(in, *a); });
}

}  // namespace

void add_restore(Command& app) {
  auto restore = app.add_command("restore", "Bring back what was backed up", "owlbackup restore cluster --to /srv/pg");
  restore.require_command();
  add_cluster_restore(restore);
  add_restore_table(restore);

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
