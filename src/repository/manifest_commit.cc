#include "repository/manifest_commit.h"

#include <fmt/core.h>

#include <algorithm>

#include "codec/hash.h"
#include "concurrency/task_group.h"
#include "crypto/sealed_object.h"
#include "repository/pack_presence.h"
#include "repository/sealed_put.h"
#include "repository/standing.h"

namespace owl::repository {
namespace {

Error fenced(const VoidMarker& marker) {
  return Error(ErrorKind::conflict, fmt::format("this backup's attempt was fenced by {} at {}: {}", marker.host,
                                                to_iso(marker.when), marker.reason))
      .with_hint("Nothing of it was committed. Run the backup again: what is stored already is used.");
}

}  // namespace

ManifestCommit::ManifestCommit(StoreSet& stores, const crypto::HostKeys& keys, std::string path,
                               const Manifest& manifest, Clock& clock, Random& random, std::stop_token stop)
    : stores_(stores),
      keys_(keys),
      path_(std::move(path)),
      manifest_(manifest),
      clock_(clock),
      stop_(std::move(stop)),
      sealed_(crypto::seal_object(keys.current(), keys.repository, crypto::ObjectType::manifest, path_,
                                  serialize(manifest), random)),
      digest_(codec::sha256(sealed_)) {}

void ManifestCommit::run(const ReadyIn& ready_in) {
  stores_.on_each([&](StoreSet::Member& member) {
    try {
      commit_in(member, ready_in);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) return;  // told below, if nothing was committed
      stores_.drop(member.name, error);
    }
  });
  if (committed_.lock()->empty()) throw_if_stopped(stop_);
}

std::vector<std::string> ManifestCommit::committed() const {
  auto names = *committed_.lock();
  std::ranges::sort(names);
  return names;
}

void ManifestCommit::commit_in(StoreSet::Member& member, const ReadyIn& ready_in) {
  throw_if_stopped(stop_);
  check_packs(member);
  if (ready_in) ready_in(member);
  put(member);
  committed_.lock()->push_back(member.name);
}

void ManifestCommit::check_packs(StoreSet::Member& member) {
  const auto missing = first_missing_pack(member, manifest_.packs, stop_);
  if (!missing) return;
  throw Error(ErrorKind::integrity, fmt::format("{}, on which this backup relies, is not there", keys::pack(*missing)));
}

void ManifestCommit::put(StoreSet::Member& member) {
  const auto result = put_sealed(*member.store, clock_, path_, sealed_, stop_, digest_);
  if (result == storage::CreateResult::other_stands) throw why_not_ours(member);
}

Error ManifestCommit::why_not_ours(StoreSet::Member& member) {
  const auto standing = what_stands(member, keys_, path_, stop_);
  if (const auto* marker = std::get_if<VoidMarker>(&standing)) return fenced(*marker);
  return Error(ErrorKind::conflict,
               fmt::format("another run's manifest stands at {}, where only this run's can", path_));
}

}  // namespace owl::repository
