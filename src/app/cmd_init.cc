#include <fmt/core.h>

#include "app/command.h"
#include "app/invocation.h"
#include "os/file.h"
#include "postgres/base_backup.h"
#include "wal/enrolment.h"

namespace owl::app {
namespace {

using codec::Json;

crypto::KeyMode mode_of(const std::string& text) {
  if (text == "none") return crypto::KeyMode::none;
  return text == "passphrase" ? crypto::KeyMode::passphrase : crypto::KeyMode::openpgp;
}

repository::InitOptions init_options(Invocation& in, bool with_secrets) {
  const auto& encryption = in.settings().encryption;
  repository::InitOptions out;
  out.mode = mode_of(encryption.mode);
  out.gpg = {encryption.gpg_program, encryption.gpg_home};
  out.name = in.settings().name;
  if (!with_secrets) return out;
  if (out.mode == crypto::KeyMode::openpgp) {
    for (const auto& query : encryption.recipients) {
      out.recipients.push_back(crypto::resolve_recipient(out.gpg, query, in.clock().now()));
    }
  }
  if (out.mode == crypto::KeyMode::passphrase) out.passphrase = in.unwrap_sources().passphrase();
  return out;
}

/// A key file without repositories is what is left of an interrupted init: its wrap is kept beside it until every store
/// has the repository.
std::filesystem::path pending_wrap(Invocation& in) {
  return in.settings().state.directory / "init.wrap";
}

crypto::HostKeys make_repository(Invocation& in) {
  const auto key_file = in.key_file();
  auto existing = repository::read_key_file_if_exists(key_file);
  if (existing) {
    const auto wrap = os::read_file_if_exists(pending_wrap(in));
    repository::write_repository(in.stores(), init_options(in, false), *existing, wrap.value_or(Bytes{}), in.clock(),
                                 in.random());
    os::remove_file(pending_wrap(in));
    return *existing;
  }
  in.stores().on_each([&](repository::StoreSet::Member& member) {
    if (!repository::read_repository_object(*member.store, in.stop())) return;
    throw Error(ErrorKind::conflict,
                fmt::format("{} holds a repository already, and this host has no keys for it ({} is not there)",
                            member.store->description(), key_file.string()))
        .with_hint("To use it from this host: `owlbackup keys enroll --from-private-key`. init never replaces keys.");
  });
  const auto options = init_options(in, true);
  const auto plan = repository::plan_init(options, in.clock(), in.random());
  os::make_folders(key_file.parent_path(), 0700);
  os::replace_file(pending_wrap(in), plan.wrap);
  repository::write_key_file(key_file, plan.host);
  repository::write_repository(in.stores(), options, plan.host, plan.wrap, in.clock(), in.random());
  os::remove_file(pending_wrap(in));
  return plan.host;
}

/// The data directory that may archive from now on; where it can't be read from here, the user is told.
std::optional<std::string> enrol_cluster(Invocation& in) {
  const auto& settings = in.settings();
  if (settings.postgres.connection.empty()) return std::nullopt;
  auto directory = settings.postgres.data_directory;
  try {
    if (directory.empty()) {
      postgres::Connection connection(settings.postgres.connection);
      directory = postgres::read_server_facts(connection).data_directory;
    }
    wal::Enrolments(settings.state.directory).enrol(directory, in.clock().now());
    return directory.string();
  } catch (const Error& error) {
    in.monitor().warning(
        fmt::format("the data directory is not enrolled for archiving yet: {}; when the server can be reached, "
                    "run `owlbackup doctor --enrol`",
                    error.what()));
    return std::nullopt;
  }
}

int run_init(Invocation& in) {
  const auto host = make_repository(in);
  const auto cluster = enrol_cluster(in);
  Json stores = Json::array();
  for (const auto& member : in.stores().alive()) {
    in.output().say(fmt::format("Repository ready in {}", member.store->description()));
    stores.push(member.name);
  }
  in.output().say(
      fmt::format("Keys of this host: {} (opens no backup; losing it loses nothing)", in.key_file().string()));
  if (cluster) in.output().say(fmt::format("Archiving enrolled: {}", *cluster));
  in.output().say(
      fmt::format("\nFingerprint: {}\nKeep it apart from the stores: a restore shows it, and it tells this repository "
                  "from a forged one.",
                  crypto::to_text(host.fingerprint)));
  in.output().result(Json()
                         .set("fingerprint", to_hex(host.fingerprint))
                         .set("key_file", in.key_file().string())
                         .set("stores", std::move(stores))
                         .set("enrolled", cluster ? Json(*cluster) : Json()));
  return 0;
}

}  // namespace

void add_init(Command& app) {
  auto command = app.add_command(
      "init", "Create the repository in every store, and the keys; run again, it finishes what is missing",
      "owlbackup init");
  command.runs(run_init);
}

}  // namespace owl::app
