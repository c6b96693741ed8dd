#include "app/restore_record.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "os/process.h"
#include "os/system.h"
#include "wal/restore_agent.h"

namespace owl::app {
namespace {

using codec::Json;

std::filesystem::path records_folder(Invocation& in) {
  return in.settings().state.directory / "restores";
}

/// Sockets must be reachable by the server's account; the state directory is nobody else's business.
std::filesystem::path socket_folder(Invocation& in) {
  return os::is_root() ? std::filesystem::path("/run/owlbackup") : in.settings().state.directory / "run";
}

Bytes read_all_of_stdin() {
  Bytes out, piece(64u << 10);
  const os::FileDescriptor input(::dup(STDIN_FILENO));
  while (const auto size = os::read_some(input, piece, "standard input")) append(out, ByteView(piece).first(size));
  return out;
}

/// Lets go of terminal and pipes, so that whoever waits for this command's output sees its end. The child has none of
/// the other threads, those that heed signals and draw progress: signals end it as they end any program, and it must
/// leave by _exit, for it can't join what it doesn't have.
void go_to_background() {
  const pid_t child = ::fork();
  if (child < 0) throw Error(ErrorKind::process, "can't start the restore agent").with_errno(errno);
  if (child > 0) ::_exit(0);
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  sigset_t all;
  ::sigemptyset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  for (int number : {SIGINT, SIGTERM}) ::signal(number, SIG_DFL);
}

void serve_here(Invocation& in, const RestoreRecord& record, const wal::RecoveryTicket& ticket) {
  wal::AgentOptions options;
  options.socket = record.socket;
  options.data_directory = record.data_directory;
  options.owner_uid = record.owner_uid;
  std::vector<repository::StoreSet::Member> members;
  for (const auto& store : ticket.stores) {
    auto opened = storage::open_store(store, in.clock(), in.random());
    members.push_back({opened.name, opened.store, opened.meter});
  }
  const auto listener = wal::listen_as_agent(options);
  SilentMonitor silent;
  repository::StoreSet stores(std::move(members), silent);
  const postgres::TimelinePath path(ticket.target_timeline, ticket.history);
  wal::Fetcher fetcher(stores, ticket.keys, ticket.secrets, {ticket.system_id, path, ticket.segment_size});
  wal::Prefetcher prefetcher(fetcher, {.path = path, .segment_size = ticket.segment_size});
  wal::serve_agent(listener, options, prefetcher, in.clock(), in.stop());
}

void serve(Invocation& in, const RestoreRecord& record, const wal::RecoveryTicket& ticket, bool background) {
  if (!background) return serve_here(in, record, ticket);
  go_to_background();
  int code = 0;
  try {
    serve_here(in, record, ticket);
  } catch (const std::exception&) {
    code = 1;  // nobody is left to tell: whoever started it asks the socket
  }
  ::_exit(code);
}

RestoreRecord required_record(Invocation& in, const std::filesystem::path& data_directory) {
  auto record = find_record(in, data_directory);
  if (!record) {
    throw Error(ErrorKind::not_found,
                fmt::format("no restore into {} is remembered on this host", data_directory.string()))
        .with_hint("Run `owlbackup restore cluster --to DIR` again.");
  }
  return std::move(*record);
}

}  // namespace

RestoreRecord make_record(Invocation& in, const std::filesystem::path& data_directory,
                          const cluster::RecoveryPlan& plan, std::optional<std::string> owner) {
  RestoreRecord record;
  record.id = to_hex(in.random().array<4>());
  record.data_directory = data_directory;
  record.socket = socket_folder(in) / (record.id + ".sock");
  record.ticket = in.settings().state.directory / "tickets" / record.id / "recovery.ticket";
  record.system_id = plan.base.details.system_id;
  record.segment_size = plan.base.details.wal_segment_size;
  record.target_timeline = plan.path.target();
  const auto& stretches = plan.path.stretches();
  for (std::size_t i = 0; i + 1 < stretches.size(); ++i)
    record.history.push_back({stretches[i].timeline, stretches[i].end, ""});
  const auto account = owner ? os::account_by_name(*owner) : os::account_by_uid(os::effective_uid());
  record.owner_uid = account ? account->uid : os::effective_uid();
  record.owner_gid = account ? account->gid : ::getegid();
  return record;
}

void save_record(Invocation& in, const RestoreRecord& record) {
  if (const auto old = find_record(in, record.data_directory)) remove_record(in, *old);
  os::make_folders(records_folder(in), 0700);
  os::replace_file(records_folder(in) / (record.id + ".json"), serialize(record));
}

std::optional<RestoreRecord> find_record(Invocation& in, const std::filesystem::path& data_directory) {
  const auto entries = os::list_folder(records_folder(in));
  if (!entries) return std::nullopt;
  for (const auto& entry : *entries) {
    if (!entry.name.ends_with(".json")) continue;
    auto record = parse_restore_record(os::read_file(records_folder(in) / entry.name));
    if (record && record->data_directory == data_directory) return std::move(*record);
  }
  return std::nullopt;
}

void remove_record(Invocation& in, const RestoreRecord& record) {
  os::remove_file(record.ticket);
  std::error_code was_never_made;
  std::filesystem::remove(record.ticket.parent_path(), was_never_made);
  os::remove_file(records_folder(in) / (record.id + ".json"));
}

wal::RecoveryTicket make_ticket(Invocation& in, const RestoreRecord& record, const Invocation::Secrets& secrets) {
  wal::RecoveryTicket ticket;
  ticket.keys = secrets.keys;
  ticket.secrets = secrets.secrets;
  ticket.stores = in.store_options();
  static_cast<wal::ServedWal&>(ticket) = record;
  ticket.data_directory = record.data_directory;
  return ticket;
}

void start_agent(Invocation& in, const RestoreRecord& record, const wal::RecoveryTicket& ticket) {
  os::ProcessOptions options;
  options.argv = {"/proc/self/exe"};
  if (!in.options().config_file.empty()) options.argv.insert(options.argv.end(), {"-c", in.options().config_file});
  if (!in.options().env_file.empty()) options.argv.insert(options.argv.end(), {"--env-file", in.options().env_file});
  options.argv.insert(options.argv.end(), {"restore", "agent", "--stdin", "--to", record.data_directory.string()});
  options.new_session = true;
  const auto result = os::run_process(options, wal::serialize(ticket), std::chrono::seconds(30), in.stop());
  if (result.exit_code != 0) {
    throw Error(ErrorKind::process, fmt::format("the restore agent did not start: {}", result.errors));
  }
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (wal::ask_agent(record.socket, "ping")) return;
    in.clock().sleep(std::chrono::milliseconds(50), in.stop());
  }
  throw Error(ErrorKind::timeout, fmt::format("the restore agent does not answer on {}", record.socket.string()));
}

int run_agent(Invocation& in, const std::filesystem::path& data_directory, bool ticket_on_stdin) {
  const auto record = required_record(in, data_directory);
  if (ticket_on_stdin) {
    serve(in, record, value_or_throw(wal::parse_recovery_ticket(read_all_of_stdin())), true);
    return 0;
  }
  auto ticket = make_ticket(in, record, in.unwrap());
  in.output().say(fmt::format("Serving WAL for {} until its recovery has ended.", data_directory.string()));
  start_agent(in, record, ticket);
  return 0;
}

void finish_restore(Invocation& in, const RestoreRecord& record) {
  wal::ask_agent(record.socket, "stop");
  remove_record(in, record);
}

int run_finish(Invocation& in, const std::filesystem::path& data_directory) {
  finish_restore(in, required_record(in, data_directory));
  in.output().say(fmt::format("Recovery of {} is over: agent, ticket and record are gone.", data_directory.string()));
  in.output().result(Json().set("data_directory", data_directory.string()));
  return 0;
}

}  // namespace owl::app
