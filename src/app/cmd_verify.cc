#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "app/backup_view.h"
#include "app/command.h"
#include "app/heads_view.h"
#include "base/text.h"
#include "base/units.h"
#include "os/system.h"
#include "proof/verify.h"
#include "repository/object_keys.h"

namespace owl::app {
namespace {

using codec::Json;

struct VerifyArguments {
  std::vector<std::string> ids;
  std::string shard;
  bool data = false;
};

/// "2/7"
proof::Shard shard_of(const std::string& text) {
  proof::Shard shard;
  if (text.empty()) return shard;
  const auto parts = split(text, '/');
  const auto number_in = [](std::string_view part, unsigned& value) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc{} && end == part.data() + part.size();
  };
  if (parts.size() != 2 || !number_in(parts[0], shard.number) || !number_in(parts[1], shard.count) ||
      shard.number < 1 || shard.number > shard.count) {
    throw Error(ErrorKind::usage, fmt::format("--shard {}: write I/N, with I from 1 to N", text));
  }
  return shard;
}

std::vector<repository::BackupEntry> chosen(Invocation& in, const crypto::HostKeys& keys,
                                            const VerifyArguments& arguments) {
  auto all = repository::list_backups(in.stores(), {}, in.stop());
  if (arguments.ids.empty()) return all;
  std::vector<repository::BackupEntry> out;
  for (const auto& id : arguments.ids) out.push_back(repository::find_backup(all, id, keys));
  return out;
}

std::string consequence_of(const proof::Damage& damage) {
  if (!damage.advice.empty()) return damage.advice;
  if (damage.backups.empty()) return "No backup rests on it, but a recovery can't go past it.";
  std::vector<std::string> ids;
  for (const auto& path : damage.backups) {
    const auto key = repository::keys::parse_manifest(path);
    ids.push_back(key ? to_hex(key->lease).substr(0, 8) : path);
  }
  constexpr std::size_t most = 8;
  const auto more = ids.size() > most ? fmt::format(" and {} more", ids.size() - most) : "";
  ids.resize(std::min(most, ids.size()));
  return fmt::format("Takes down {} backup{}: {}{}.", damage.backups.size(), damage.backups.size() == 1 ? "" : "s",
                     fmt::join(ids, ", "), more);
}

Json to_json(const proof::VerifyResult& result) {
  Json damages = Json::array();
  for (const auto& damage : result.damages) {
    Json backups = Json::array();
    for (const auto& backup : damage.backups) backups.push(backup);
    damages.push(Json()
                     .set("store", damage.store)
                     .set("object", damage.object)
                     .set("what", damage.what)
                     .set("concerns", proof::to_text(damage.concern))
                     .set("advice", damage.advice)
                     .set("backups", std::move(backups)));
  }
  return Json()
      .set("manifests", result.manifests)
      .set("packs", result.packs)
      .set("wal_objects", result.wal_objects)
      .set("own_objects", result.own_objects)
      .set("blobs", result.blobs)
      .set("bytes", result.bytes)
      .set("damages", std::move(damages));
}

/// The keys that --data needs. Where what holds them is damaged, the rest is verified without.
std::optional<Error> unwrap_for_data(Invocation& in, crypto::HostKeys& keys, proof::VerifyOptions& options) {
  try {
    auto secrets = in.unwrap();
    keys = secrets.keys;
    options.secrets = std::move(secrets.secrets);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) throw;
    in.monitor().warning(fmt::format("no blob is opened, only what is stored is verified: {}", error.what()));
    keys = in.keys();
    options.data = false;
    return error;
  }
}

int run_verify(Invocation& in, const VerifyArguments& arguments) {
  in.output().stream_events();
  crypto::HostKeys keys;
  proof::VerifyOptions options;
  std::optional<Error> locked;
  options.workers = os::processor_count();
  options.data = arguments.data;
  options.chosen = !arguments.ids.empty();
  options.shard = shard_of(arguments.shard);
  if (arguments.data) {
    locked = unwrap_for_data(in, keys, options);
  } else {
    keys = in.keys();  // whether the stores hold their repository is among what is verified
  }
  const auto heads = read_heads(in);
  if (!options.chosen) options.heads = &heads;
  const auto result = proof::verify(chosen(in, keys, arguments), in.stores(), keys, options, in.monitor(), in.stop());
  in.output().say(
      fmt::format("{} backups, {} packs, {} WAL objects, {} read{}", result.manifests, result.packs, result.wal_objects,
                  format_bytes(result.bytes),
                  options.data ? fmt::format(", {} blobs opened and compared with their names", result.blobs) : ""));
  for (const auto& damage : result.damages) {
    in.output().say(
        fmt::format("DAMAGED {} in {}: {}. {}", damage.object, damage.store, damage.what, consequence_of(damage)));
  }
  if (result.damages.empty() && locked) throw std::move(*locked);
  if (result.damages.empty()) in.output().say("No damage found.");
  in.output().result(to_json(result));
  return result.damages.empty() ? 0 : describe(ErrorKind::integrity).exit_code;
}

}  // namespace

void add_verify(Command& app) {
  auto command =
      app.add_command("verify", "Hold stored objects against what the manifests say", "owlbackup verify --data latest");
  const auto arguments = std::make_shared<VerifyArguments>();
  command.option("ID", arguments->ids, "Backups; all when left out");
  command.flag("--data", arguments->data, "Decrypt every blob and compare it with its name (needs the private key)");
  command.option("--shard", arguments->shard,
                 "I/N: only the I-th of N parts of the packs and WAL, so that N runs together read everything");
  command.runs([arguments](Invocation& in) { return run_verify(in, *arguments); });
}

}  // namespace owl::app
