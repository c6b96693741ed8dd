#include <fmt/core.h>

#include "app/command.h"
#include "app/invocation.h"
#include "app/wal_commands.h"
#include "app/wal_view.h"
#include "base/units.h"
#include "os/file.h"
#include "postgres/types.h"
#include "storage/open.h"
#include "wal/fetcher.h"
#include "wal/push.h"
#include "wal/recovery_ticket.h"

namespace owl::app {
namespace {

using codec::Json;

/// archive_command runs in the data directory, and %p is relative to it: pg_wal/NAME.
std::filesystem::path data_directory_of(Invocation& in, const std::filesystem::path& segment) {
  const auto& configured = in.settings().postgres.data_directory;
  if (!configured.empty()) return configured;
  return std::filesystem::absolute(segment).parent_path().parent_path();
}

void check_name(const std::filesystem::path& path) {
  if (postgres::parse_wal_file_name(path.filename().string())) return;
  throw Error(ErrorKind::usage, fmt::format("{} has no name of a WAL file of PostgreSQL's", path.string()))
      .with_hint("PostgreSQL gives it: archive_command = 'owl-wal push %p'.");
}

int run_push(Invocation& in, const std::string& path) {
  check_name(path);
  const auto& settings = in.settings();
  const auto& keys = in.keys();
  const wal::Enrolments enrolments(settings.state.directory);
  wal::PushOptions options;
  options.policy = wal::AckPolicy::parse(settings.wal.acknowledge, in.store_options().size());
  options.zstd_level = settings.compression.level;
  options.timeout = settings.wal.push_timeout;
  const auto result = wal::push(path, data_directory_of(in, path), in.stores(), keys, enrolments, options, in.clock(),
                                in.random(), in.monitor(), in.stop());
  Json stores = Json::array(), failed = Json::array();
  for (const auto& store : result.stores) stores.push(store);
  for (const auto& store : result.failed) failed.push(store);
  const bool again = result.outcome == wal::PushOutcome::already_stored;
  in.output().result(Json()
                         .set("outcome", again ? "already_stored" : "stored")
                         .set("plain_bytes", result.plain_bytes)
                         .set("stored_bytes", result.stored_bytes)
                         .set("stores", std::move(stores))
                         .set("failed", std::move(failed)));
  return 0;
}

/// PostgreSQL takes 0 as archived and 1 to 125 as "try again"; above that its archiver dies. Warnings are no failure:
/// what the policy asks for is durable.
int push_exit_code(Invocation& in, const std::string& path) {
  in.exit_exactly();
  try {
    run_push(in, path);
    return 0;
  } catch (const Error& error) {
    in.output().error(error);
    return error.exit_code() == 0 || error.exit_code() > 125 ? 1 : error.exit_code();
  }
}

struct FetchArguments {
  std::string name, destination, ticket;
};

void deliver(const FetchArguments& arguments, const Bytes& bytes) {
  const std::filesystem::path to(arguments.destination), temporary = to.string() + ".owlbackup";
  {
    const auto fd = os::open_file(temporary, 01 | 0100 | 01000 /* O_WRONLY | O_CREAT | O_TRUNC */);
    os::write_all(fd, bytes, temporary.string());
  }
  os::rename_file(temporary, to);
}

/// The stores of the ticket, not those of a configuration: recovery must not depend on what a file says by then.
std::optional<Bytes> fetch_by_ticket(Invocation& in, const FetchArguments& arguments) {
  const auto ticket = wal::read_ticket(arguments.ticket);
  std::vector<repository::StoreSet::Member> members;
  for (const auto& options : ticket.stores) {
    auto opened = storage::open_store(options, in.clock(), in.random());
    members.push_back({opened.name, opened.store, opened.meter});
  }
  repository::StoreSet stores(std::move(members), in.monitor());
  wal::Fetcher fetcher(
      stores, ticket.keys, ticket.secrets,
      {ticket.system_id, postgres::TimelinePath(ticket.target_timeline, ticket.history), ticket.segment_size});
  return fetcher.fetch(arguments.name, in.stop());
}

/// Without a ticket: keys from the key file and the private key; the system id must be the only one.
std::optional<Bytes> fetch_directly(Invocation& in, const FetchArguments& arguments) {
  auto secrets = in.unwrap();
  const auto system = only_system(in);
  wal::Fetcher fetcher(in.stores(), secrets.keys, secrets.secrets, {system, std::nullopt, 0});
  return fetcher.fetch(arguments.name, in.stop());
}

int run_fetch(Invocation& in, const FetchArguments& arguments) {
  in.exit_exactly();
  try {
    const auto bytes = arguments.ticket.empty() ? fetch_directly(in, arguments) : fetch_by_ticket(in, arguments);
    if (!bytes) return wal::fetch_exit_absent;
    deliver(arguments, *bytes);
    return 0;
  } catch (const Error& error) {
    in.output().error(error);
  } catch (const std::exception& error) {  // to PostgreSQL, any code up to 125 would be the end of the archive
    in.output().error(Error(ErrorKind::internal, error.what()));
  }
  return wal::fetch_exit_failed;
}

}  // namespace

void add_wal(Command& app) {
  auto wal =
      app.add_command("wal", "Archive WAL, fetch it for recovery, look at what is archived", "owlbackup wal status");
  wal.require_command();

  auto push = wal.add_command("push", "Archive one WAL file: PostgreSQL's archive_command",
                              "archive_command = 'owlbackup wal push %p'");
  const auto path = std::make_shared<std::string>();
  push.option("PATH", *path, "The file, as PostgreSQL gives it in %p").required();
  push.runs([path](Invocation& in) { return push_exit_code(in, *path); });

  add_wal_serve(wal);
  add_wal_stream(wal);

  auto fetch = wal.add_command(
      "fetch", "Fetch one WAL file: PostgreSQL's restore_command (exit 0, 1: not archived, 200: failed)",
      "restore_command = 'owlbackup wal fetch --ticket /var/lib/owlbackup/recovery.ticket %f %p'");
  const auto arguments = std::make_shared<FetchArguments>();
  fetch.option("NAME", arguments->name, "The file's name, %f").required();
  fetch.option("DEST", arguments->destination, "Where to put it, %p").required();
  fetch.option("--ticket", arguments->ticket, "A recovery ticket with the keys, stores and timelines of this recovery");
  fetch.runs([arguments](Invocation& in) { return run_fetch(in, *arguments); });

  add_wal_status(wal);
  add_wal_show(wal);
  add_wal_find(wal);
}

}  // namespace owl::app
