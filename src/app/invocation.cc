#include "app/invocation.h"

#include <fmt/core.h>
#include <unistd.h>

#include "config/load.h"
#include "os/system.h"

extern char** environ;

namespace owl::app {
namespace {

std::vector<std::pair<std::string, std::string>> whole_environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != text.npos) out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

bool wants_color(const std::string& choice) {
  return choice == "always" || (choice == "auto" && ::isatty(STDOUT_FILENO) == 1 && !os::environment("NO_COLOR"));
}

OutputOptions output_options(const GlobalOptions& options) {
  return {options.json, options.quiet, options.verbose, !options.no_progress && !options.quiet && !options.json,
          wants_color(options.color)};
}

storage::StoreOptions to_store_options(const config::StorageSettings& settings) {
  storage::StoreOptions out;
  out.name = settings.name;
  out.url = settings.url;
  out.endpoint = settings.endpoint;
  out.region = settings.region;
  out.access_key_id = settings.access_key_id;
  out.secret_access_key = settings.secret_access_key;
  out.session_token = settings.session_token;
  out.addressing = settings.addressing;
  out.ca_file = settings.ca_file;
  out.tls_min = settings.tls_min;
  out.connect_timeout = settings.connect_timeout;
  out.request_timeout = settings.request_timeout;
  out.retries = settings.retries;
  out.connections = settings.connections;
  out.upload_bytes_per_second = settings.upload_limit;
  out.download_bytes_per_second = settings.download_limit;
  out.fault = settings.fault;
  return out;
}

}  // namespace

Invocation::Invocation(GlobalOptions options, Clock& clock, Random& random, std::stop_token stop)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      stop_(std::move(stop)),
      output_(std::make_unique<Output>(output_options(options_), clock)) {}
Invocation::~Invocation() = default;

const config::Settings& Invocation::settings() {
  if (!settings_) {
    config::LoadInputs inputs;
    if (!options_.config_file.empty()) inputs.file = options_.config_file;
    if (!options_.env_file.empty()) inputs.env_file = options_.env_file;
    inputs.environment = whole_environment();
    inputs.working_folder = std::filesystem::current_path();
    inputs.root = os::is_root();
    settings_ = config::load(inputs);
  }
  return *settings_;
}

std::vector<storage::StoreOptions> Invocation::store_options() {
  std::vector<storage::StoreOptions> out;
  std::string names;
  for (const auto& store : settings().storage) {
    names += (names.empty() ? "" : ", ") + store.name;
    if (options_.store.empty() || options_.store == store.name) out.push_back(to_store_options(store));
  }
  if (out.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("--store {}: there is no such store; the configuration has {}", options_.store, names));
  }
  return out;
}

repository::StoreSet& Invocation::stores() {
  if (!stores_) stores_ = std::make_unique<repository::StoreSet>(open_stores(), monitor());
  return *stores_;
}

std::vector<repository::StoreSet::Member> Invocation::open_stores() {
  std::vector<repository::StoreSet::Member> members;
  for (const auto& options : store_options()) {
    auto opened = storage::open_store(options, clock_, random_);
    members.push_back({opened.name, opened.store, opened.meter});
  }
  return members;
}

const crypto::HostKeys& Invocation::keys() {
  if (!keys_) keys_ = repository::read_key_file(key_file());
  return *keys_;
}

const crypto::HostKeys& Invocation::checked_keys() {
  const auto& host = keys();
  stores().on_each(
      [&](repository::StoreSet::Member& member) { repository::check_repository(*member.store, host, stop_); });
  return host;
}

crypto::UnwrapSources Invocation::unwrap_sources() {
  const auto& encryption = settings().encryption;
  crypto::UnwrapSources sources;
  sources.gpg = {encryption.gpg_program, encryption.gpg_home};
  sources.passphrase = [passphrase = encryption.passphrase] {
    return passphrase.empty() ? ask_passphrase("Passphrase of the repository: ") : passphrase;
  };
  sources.stop = stop_;
  return sources;
}

Invocation::Secrets Invocation::unwrap() {
  Secrets out;
  const auto existing = repository::read_key_file_if_exists(key_file());
  stores().on_any([&](repository::StoreSet::Member& member) {
    if (existing) {
      repository::check_repository(*member.store, *existing, stop_);
      out = {*existing, repository::unwrap_secrets(*member.store, *existing, unwrap_sources(), {}, stop_), true};
    } else {
      auto enrolment = repository::enrol_from_private_key(*member.store, unwrap_sources(), random_, stop_);
      out = {std::move(enrolment.host), std::move(enrolment.secrets), false};
    }
  });
  return out;
}

}  // namespace owl::app
