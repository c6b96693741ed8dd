#include "repository/backup_session.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "base/check.h"
#include "concurrency/guarded.h"
#include "os/system.h"
#include "repository/earlier_backups.h"
#include "repository/forerunner.h"
#include "repository/head.h"
#include "repository/index_writer.h"
#include "repository/known_packs.h"
#include "repository/manifest_commit.h"
#include "repository/orphans.h"
#include "repository/pack_filler.h"
#include "repository/source_id.h"

namespace owl::repository {
namespace {

constexpr int metadata_level = 3;

Timestamp whole_seconds(Timestamp t) {
  return {t.micros - t.micros % 1'000'000};
}

ManifestKey announced_key(const crypto::HostKeys& keys, const SessionOptions& options, Clock& clock, Random& random) {
  return {options.kind, name_ids(keys, options.kind, options.name).front(), whole_seconds(clock.now()),
          random.array<16>()};
}

LeaseBody lease_body(const crypto::HostKeys& keys, const SessionOptions& options, const ManifestKey& key,
                     Clock& clock) {
  LeaseBody body;
  body.manifest_key = keys::manifest(key);
  body.purpose = fmt::format("backup {} {}", options.kind, options.name);
  body.writer = keys.writer;
  body.host = os::host_name();
  body.process = static_cast<std::uint64_t>(::getpid());
  body.started = clock.now();
  return body;
}

/// Names and compresses metadata: tools that one thread at a time may use.
struct MetadataTools {
  MetadataTools(const crypto::NamingKeys& keys, int level) : namer(keys), encoder(level) {}
  crypto::Namer namer;
  codec::ZstdEncoder encoder;
};

/// The options with packs that fit into the memory there is for them.
SessionOptions fitted(SessionOptions options) {
  options.pack_bytes = std::min(options.pack_bytes, PackUploader::largest_pack(options.buffer_bytes, options.uploads));
  return options;
}

}  // namespace

struct BackupSession::State {
  State(StoreSet& store_set, const crypto::HostKeys& host_keys, SessionOptions session_options, Clock& a_clock,
        Random& a_random, Monitor& a_monitor, std::stop_token a_stop)
      : stores(store_set),
        keys(host_keys),
        options(fitted(std::move(session_options))),
        clock(a_clock),
        random(a_random),
        monitor(a_monitor),
        stop(std::move(a_stop)),
        key(announced_key(keys, options, clock, random)),
        path(keys::manifest(key)),
        started(clock.now()),
        heads(options.state_directory / "heads.json"),
        lease(stores, keys, key.lease, lease_body(keys, options, key, clock), clock, random, stop),
        index(stores, keys, path, clock, random, stop),
        uploader(stores, keys, clock, random, {options.pack_bytes, options.uploads, stop},
                 [this](std::uint32_t number, const PackRef& pack, const PackDirectory& directory) {
                   note_stored(number, pack, directory);
                 }),
        data(PackClass::data, options.pack_bytes, uploader, packs, keys, random),
        metadata(PackClass::metadata, options.pack_bytes, uploader, packs, keys, random) {
    look_around();
  }

  /// What is stored already, and what this backup follows. Our lease stands: nothing that is seen now goes away.
  void look_around() {
    const auto views = look_at_stores(stores, keys, stop);
    const auto indexes = read_indexes(views, keys, monitor, stop, [this](const IndexObject& object) { enter(object); });
    exclude_others(indexes, usable_packs(stores, views, indexes, stop), packs, *known.lock());
    for (const auto& orphan : find_orphans(stores, views, indexes, keys, key.lease, clock, stop)) adopt(orphan);
    if (heads.damaged())
      monitor.warning(
          "heads.json in the state directory is damaged and begins anew: what this host "
          "remembered of the stores is lost");
    earlier = earlier_backups(views, options.kind, name_ids(keys, options.kind, options.name));
    forerunner = find_forerunner(views, keys, options.kind, options.name, heads, monitor, stop);
  }

  void enter(const IndexObject& object) {
    std::vector<std::uint32_t> numbers;
    for (const auto& pack : object.packs) numbers.push_back(packs.add(pack));
    auto locked = known.lock();
    for (const auto& entry : object.entries) {
      locked->add(entry.name, {numbers[entry.pack], entry.entry}, entry.plain_size);
    }
  }

  /// From here on it is as if this run had stored it.
  void adopt(const Orphan& orphan) {
    index.add(orphan.pack, orphan.directory);
    const auto number = packs.add(orphan.pack);
    auto locked = known.lock();
    locked->include(number);
    for (std::uint32_t i = 0; i < orphan.directory.entries.size(); ++i) {
      const auto& entry = orphan.directory.entries[i];
      locked->add(entry.name, {number, i}, entry.plain_size);
    }
  }

  void note_stored(std::uint32_t number, const PackRef& pack, const PackDirectory& directory) {
    packs.finish(number, pack);
    overhead_bytes += pack_header_size + pack.directory_size + pack_trailer_size;
    index.add(pack, directory);
    index.write_if_due();
  }

  BlobRef append(PackFiller& filler, crypto::BlobKind kind, const crypto::BlobName& name, codec::Codec codec,
                 ByteView stored, std::uint32_t plain_size, std::vector<PageCheck> checks) {
    OWL_CHECK(!committed, "a session takes nothing after its commit");
    const auto place = filler.add(kind, name, codec, stored, plain_size, std::move(checks));
    blob_bytes += stored.size() + crypto::gcm_tag_size;
    known.lock()->add(name, place, plain_size);
    return {place.pack, place.entry, name};
  }

  std::optional<BlobRef> find(const crypto::BlobName& name, std::uint32_t plain_size) {
    const auto place = known.lock()->find(name, plain_size);
    if (!place) return std::nullopt;
    ++hits;
    return BlobRef{place->pack, place->entry, name};
  }

  BlobRef put_metadata(ByteView plain) {
    const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(plain.size(), UINT32_MAX));
    Bytes stored(codec::ZstdEncoder::bound(plain.size()));
    auto locked = tools.lock();
    const auto name = locked->namer.name(crypto::BlobKind::metadata, plain);
    if (const auto ref = find(name, size)) return *ref;
    const auto encoded = locked->encoder.encode(plain, stored);
    return append(metadata, crypto::BlobKind::metadata, name, encoded.codec, ByteView(stored).first(encoded.size), size,
                  {});
  }

  /// Puts the packs of leaves and extents into the manifest and the leaves' references into its terms.
  void list_packs(Manifest& manifest, const std::vector<std::uint32_t>& packs_used) {
    std::map<std::uint32_t, std::uint32_t> listed;  // the run's number of a pack → the manifest's
    const auto number_of = [&](std::uint32_t pack) {
      const auto [at, is_new] = listed.try_emplace(pack, static_cast<std::uint32_t>(manifest.packs.size()));
      if (is_new) manifest.packs.push_back(packs.at(pack));
      return at->second;
    };
    manifest.packs.clear();
    for (const auto pack : packs_used) number_of(pack);
    for (auto& leaf : manifest.leaves) leaf.pack = number_of(leaf.pack);
  }

  void fill_in(Manifest& manifest) {
    manifest.writer = keys.writer;
    manifest.host = os::host_name();
    manifest.program_version = OWL_VERSION;
    manifest.started = started;
    manifest.finished = clock.now();
    manifest.sequence = forerunner.next_sequence;
    manifest.forerunner = forerunner.digest;
    manifest.new_bytes = stored_bytes();
  }

  std::uint64_t stored_bytes() const { return blob_bytes + overhead_bytes; }

  void remember_heads(const std::vector<std::string>& names, const Head& head) {
    try {
      for (const auto& name : names) heads.add(name, source_of(key), options.name, path, head);
    } catch (const Error& error) {
      monitor.warning(fmt::format("the backup is committed, but this host can't remember its head: {}", error.what()));
    }
  }

  StoreSet& stores;
  const crypto::HostKeys& keys;
  const SessionOptions options;
  Clock& clock;
  Random& random;
  Monitor& monitor;
  const std::stop_token stop;
  const ManifestKey key;
  const std::string path;
  const Timestamp started;
  HeadFile heads;
  Forerunner forerunner;
  EarlierBackups earlier;
  PackTable packs;
  Guarded<DedupIndex> known{DedupIndex({.folder = options.state_directory})};
  std::atomic<std::uint64_t> hits = 0, blob_bytes = 0, overhead_bytes = 0;
  Guarded<MetadataTools> tools{MetadataTools(keys.writer_naming, metadata_level)};
  std::atomic<bool> committed = false;
  // Destroyed from below: first what fills packs, then the uploads, the lease last.
  Lease lease;
  IndexWriter index;
  PackUploader uploader;
  PackFiller data, metadata;
};

BackupSession::BackupSession(StoreSet& stores, const crypto::HostKeys& keys, SessionOptions options, Clock& clock,
                             Random& random, Monitor& monitor, std::stop_token stop)
    : state_(std::make_unique<State>(stores, keys, std::move(options), clock, random, monitor, std::move(stop))) {}

BackupSession::~BackupSession() = default;

void BackupSession::announce_wal(std::uint64_t system_id, std::uint32_t timeline, std::uint64_t start_lsn) {
  state_->lease.announce_wal(system_id, timeline, start_lsn);
}

Result<LoadedManifest> BackupSession::earlier_backup() {
  return newest_usable(state_->earlier, state_->stores, state_->keys, state_->stop);
}

std::uint32_t BackupSession::number_of(const PackRef& pack) {
  return state_->packs.add(pack);
}

std::optional<BlobRef> BackupSession::find(const crypto::BlobName& name, std::uint32_t plain_size) {
  return state_->find(name, plain_size);
}

BlobRef BackupSession::append(crypto::BlobKind kind, const crypto::BlobName& name, codec::Codec codec, ByteView stored,
                              std::uint32_t plain_size, std::vector<PageCheck> checks) {
  OWL_CHECK(kind != crypto::BlobKind::metadata, "metadata goes through put_metadata");
  return state_->append(state_->data, kind, name, codec, stored, plain_size, std::move(checks));
}

BlobRef BackupSession::put_metadata(ByteView plain) {
  return state_->put_metadata(plain);
}

void BackupSession::hand_over_data() {
  state_->data.close();
}

void BackupSession::flush_data() {
  state_->data.close();
  state_->uploader.drain();
}

bool BackupSession::is_stored(std::uint32_t number) const {
  return state_->packs.is_finished(number);
}

const PackRef& BackupSession::pack(std::uint32_t number) const {
  return state_->packs.at(number);
}

BackupSession::Committed BackupSession::commit(Manifest manifest, const std::vector<std::uint32_t>& packs_used,
                                               const std::function<void(StoreSet::Member&)>& ready_in) {
  auto& s = *state_;
  OWL_CHECK(!s.committed.exchange(true), "a session commits once");
  s.data.close();
  s.metadata.close();
  s.uploader.drain();
  s.index.write();
  s.list_packs(manifest, packs_used);
  s.fill_in(manifest);

  ManifestCommit attempt(s.stores, s.keys, s.path, manifest, s.clock, s.random, s.stop);
  s.lease.leave_open();
  attempt.run(ready_in);
  const auto names = attempt.committed();
  s.remember_heads(names, {manifest.sequence, attempt.digest()});
  if (names.size() == s.stores.size()) s.lease.end();
  return {s.path, names, manifest.sequence, attempt.digest(), manifest.new_bytes};
}

const ManifestKey& BackupSession::manifest_key() const {
  return state_->key;
}
std::uint64_t BackupSession::stored_bytes() const {
  return state_->stored_bytes();
}
std::uint64_t BackupSession::known_blobs() const {
  return state_->hits;
}

}  // namespace owl::repository
