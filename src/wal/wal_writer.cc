#include "wal/wal_writer.h"

#include <fmt/core.h>

#include <array>
#include <optional>
#include <utility>

#include "repository/object_keys.h"
#include "storage/write_once.h"

namespace owl::wal {

namespace keys = repository::keys;

namespace {

constexpr unsigned most_copies = 10;  ///< beside a damaged object, ~1 … ~9

std::string key_of(const WalInfo& info, unsigned copy) {
  return keys::wal_object(std::to_string(info.system_id), info.file_name, copy);
}

}  // namespace

WalWriter::WalWriter(WalFile file, const crypto::HostKeys& host_keys, Clock& clock, Random& random, Monitor& monitor)
    : file_(std::move(file)), keys_(host_keys), clock_(clock), random_(random), monitor_(monitor) {
  const auto& object = sealed(key_of(file_.info, 0));
  object_bytes_ = object.head.size() + object.payload.size() + object.footer.size();
  if (file_.content.unproven) {
    monitor_.warning(
        fmt::format("the WAL codec did not give back {} as it was; it is stored by zstd alone, and whole. "
                    "This is an error of owlbackup: please report it",
                    file_.name.text));
  }
}

PushOutcome WalWriter::write(repository::StoreSet::Member& member, std::stop_token stop) {
  for (unsigned copy = 0; copy < most_copies; ++copy) {
    const auto key = key_of(file_.info, copy);
    const auto& object = sealed(key);
    const std::array<ByteView, 3> pieces{object.head, object.payload, object.footer};
    const auto created = storage::create(*member.store, clock_, key, pieces, wal_header_size, object.sha256, stop);
    if (created == storage::CreateResult::created) return PushOutcome::stored;
    if (same_bytes_stand_there(member, key, stop)) return PushOutcome::already_stored;
  }
  throw Error(ErrorKind::integrity,
              fmt::format("{} damaged copies of {} stand in store {}", most_copies, file_.name.text, member.name));
}

const BuiltWalObject& WalWriter::sealed(const std::string& key) {
  const std::lock_guard lock(mutex_);
  auto [at, is_new] = objects_.try_emplace(key);
  if (is_new) at->second = seal_wal_object(keys_, key, file_.info, file_.content, random_);
  return at->second;
}

bool WalWriter::same_bytes_stand_there(repository::StoreSet::Member& member, const std::string& key,
                                       std::stop_token stop) {
  const auto object = member.store->get(key, stop);
  if (!object) throw Error(ErrorKind::transient, fmt::format("{} was there and is gone in store {}", key, member.name));
  std::optional<WalInfo> stored;
  try {
    stored = check_wal_object(keys_, key, *object);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) throw;
    monitor_.warning(fmt::format("store {}: {}; a good copy is stored beside it", member.name, error.message()));
    return false;
  }
  const auto& ours = file_.info;
  if (stored->tag == ours.tag && stored->system_id == ours.system_id && stored->plain_size == ours.plain_size)
    return true;
  throw Error(ErrorKind::conflict, fmt::format("other bytes are archived already under the name {}", file_.name.text))
      .with_hint(
          "One of three things happened: another cluster archives into this repository under the same system id; this "
          "is a clone or a rolled-back snapshot of the cluster that archived it (set archive_mode = off, or enrol it "
          "under a new timeline by promoting it); or WAL was lost in a crash with fsync off. Nothing was overwritten.");
}

}  // namespace owl::wal
