#include <fmt/core.h>

#include "app/command.h"
#include "app/invocation.h"
#include "os/file.h"

namespace owl::app {
namespace {

using codec::Json;

int run_keys_list(Invocation& in) {
  const auto& keys = in.keys();
  auto& out = in.output();
  Json epochs = Json::array(), recipients = Json::array();
  out.say(fmt::format("Repository    {}", to_hex(keys.repository)));
  out.say(fmt::format("Fingerprint   {}", crypto::to_text(keys.fingerprint)));
  out.say(fmt::format("Protection    {}", crypto::to_text(keys.mode)));
  out.say(fmt::format("This writer   {}", to_hex(keys.writer)));
  for (const auto& recipient : keys.recipients) {
    out.say(fmt::format("Recipient     {}", recipient));
    recipients.push(recipient);
  }
  for (const auto& epoch : keys.epochs) {
    out.say(fmt::format("Epoch {:<8} public key {}", epoch.epoch, to_hex(epoch.public_key)));
    epochs.push(Json().set("epoch", epoch.epoch).set("public_key", to_hex(epoch.public_key)));
  }
  out.result(Json()
                 .set("repository", to_hex(keys.repository))
                 .set("fingerprint", to_hex(keys.fingerprint))
                 .set("mode", crypto::to_text(keys.mode))
                 .set("writer", to_hex(keys.writer))
                 .set("recipients", std::move(recipients))
                 .set("epochs", std::move(epochs)));
  return 0;
}

struct EnrollArguments {
  bool from_private_key = false;
  std::string host_key, fingerprint;
};

crypto::HostKeys keys_from(Invocation& in, const EnrollArguments& arguments) {
  if (!arguments.host_key.empty()) {
    auto keys = value_or_throw(crypto::parse_host_keys(os::read_file(arguments.host_key)));
    return keys;
  }
  crypto::HostKeys keys;
  in.stores().on_any([&](repository::StoreSet::Member& member) {
    keys = repository::enrol_from_private_key(*member.store, in.unwrap_sources(), in.random(), in.stop()).host;
  });
  return keys;
}

int run_enroll(Invocation& in, const EnrollArguments& arguments) {
  const auto path = in.key_file();
  if (os::status_of(path)) {
    throw Error(ErrorKind::already_exists, fmt::format("this host has keys already: {}", path.string()))
        .with_hint("Move that file away first if it is to be replaced; nothing was changed.");
  }
  if (arguments.from_private_key == !arguments.host_key.empty()) {
    throw Error(ErrorKind::usage, "keys enroll needs either --from-private-key or --host-key FILE");
  }
  const auto keys = keys_from(in, arguments);
  if (!arguments.fingerprint.empty() && !crypto::fingerprint_matches(keys.fingerprint, arguments.fingerprint)) {
    throw Error(ErrorKind::conflict, fmt::format("this repository's fingerprint is {}, not the one given",
                                                 crypto::to_text(keys.fingerprint)))
        .with_hint("The stores may hold a forged repository. Nothing was written.");
  }
  if (arguments.fingerprint.empty()) {
    in.monitor().note("Compare the fingerprint below with the one that init printed, or give it with --fingerprint.");
  }
  os::make_folders(path.parent_path(), 0700);
  repository::write_key_file(path, keys);
  in.output().say(
      fmt::format("Keys of this host: {}\nFingerprint: {}", path.string(), crypto::to_text(keys.fingerprint)));
  in.output().result(Json().set("key_file", path.string()).set("fingerprint", to_hex(keys.fingerprint)));
  return 0;
}

}  // namespace

void add_keys(Command& app) {
  auto keys = app.add_command("keys", "The keys of this host and of the repository", "owlbackup keys list");
  keys.require_command();
  keys.add_command("list", "What this host's key file holds", "owlbackup keys list --json").runs(run_keys_list);
  auto enroll = keys.add_command("enroll", "Give this host keys of an existing repository",
                                 "owlbackup keys enroll --from-private-key");
  const auto arguments = std::make_shared<EnrollArguments>();
  enroll.flag("--from-private-key", arguments->from_private_key, "Unwrap them with the private key or passphrase");
  enroll.option("--host-key", arguments->host_key, "Take over the key file of a host that this one replaces");
  enroll.option("--fingerprint", arguments->fingerprint, "Refuse a repository with another fingerprint");
  enroll.runs([arguments](Invocation& in) { return run_enroll(in, *arguments); });
}

}  // namespace owl::app
