#include "repository/test_support.h"

#include <algorithm>

#include "base/binary.h"
#include "codec/zstd.h"
#include "repository/pack_ref.h"
#include "repository/pack_tail.h"
#include "repository/store_view.h"
#include "repository/trash.h"

namespace owl::repository::test {

using namespace std::chrono_literals;

Timestamp TestClock::now() const {
  static constexpr Timestamp start{1'795'357'800'000'000};  // 2026-11-22T14:30:00Z
  return start + std::chrono::duration_cast<std::chrono::microseconds>(monotonic());
}

std::chrono::nanoseconds TestClock::monotonic() const {
  const std::lock_guard lock(mutex_);
  return elapsed_;
}

bool TestClock::sleep(std::chrono::nanoseconds duration, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  if (duration < 1min) {
    elapsed_ += duration;
    return !stop.stop_requested();
  }
  const auto until = elapsed_ + duration;
  const auto alarm = alarms_.insert(until);
  changed_.notify_all();
  changed_.wait(lock, stop, [&] { return elapsed_ >= until; });
  alarms_.erase(alarm);
  return !stop.stop_requested();
}

void TestClock::advance(std::chrono::nanoseconds duration) {
  const std::lock_guard lock(mutex_);
  elapsed_ += duration;
  changed_.notify_all();
}

void TestClock::wait_for_sleepers(int count) {
  std::unique_lock lock(mutex_);
  // A sleeper whose time has come counts no more, though its thread may not have woken yet.
  changed_.wait(lock, [&] { return std::distance(alarms_.upper_bound(elapsed_), alarms_.end()) >= count; });
}

Bench::Bench(std::vector<std::string> names) : names_(std::move(names)) {
  for (const auto& name : names_) memory_[name] = std::make_shared<storage::MemoryStore>(name, clock);
}

StoreSet Bench::stores() {
  std::vector<StoreSet::Member> members;
  for (const auto& name : names_) {
    members.push_back({name, std::make_shared<HookedStore>(name, memory_.at(name), hooks), nullptr});
  }
  return {std::move(members), monitor};
}

StoreSet Bench::raw_stores() {
  std::vector<StoreSet::Member> members;
  for (const auto& name : names_) members.push_back(raw_member(name));
  return {std::move(members), monitor};
}

SessionOptions Bench::options() {
  return {"cluster", "testdb", "", state.path(), 8000, 2};  // packs of two or three blobs
}

namespace {

/// A test backup's leaf: where each blob lies.
Bytes make_leaf(BackupSession& session, const std::vector<BlobRef>& refs) {
  Bytes leaf;
  BinaryWriter out(leaf);
  out.varint(refs.size());
  for (const auto& ref : refs) {
    put_pack_ref(out, session.pack(ref.pack));
    out.varint(ref.entry);
    out.raw(ref.name);
  }
  return leaf;
}

std::vector<Bytes> read_leaf(BlobReader& reader, ByteView leaf) {
  std::vector<Bytes> blobs;
  BinaryReader in(leaf);
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto pack = get_pack_ref(in);
    const auto entry = static_cast<std::uint32_t>(in.varint());
    blobs.push_back(reader.read_one(pack, entry, in.array<16>()));
  }
  value_or_throw(in.finish("a test leaf"));
  return blobs;
}

Manifest test_manifest(const std::vector<Bytes>& blobs) {
  Manifest manifest;
  manifest.kind = "cluster";
  manifest.name = "testdb";
  for (const auto& blob : blobs) manifest.plain_bytes += blob.size();
  manifest.items = blobs.size();
  return manifest;
}

}  // namespace

Ran Bench::back_up(StoreSet& set, const std::vector<Bytes>& blobs, std::stop_token stop) {
  Ran ran;
  BackupSession session(set, keys, options(), clock, random, monitor, std::move(stop));
  crypto::Namer namer(keys.writer_naming);
  std::vector<BlobRef> refs;
  std::set<std::uint32_t> used;
  for (const auto& blob : blobs) {
    const auto name = namer.name(crypto::BlobKind::bytes, blob);
    const auto size = static_cast<std::uint32_t>(blob.size());
    auto ref = session.find(name, size);
    if (!ref) {
      ref = session.append(crypto::BlobKind::bytes, name, codec::Codec::stored, blob, size);
      ++ran.stored_blobs;
    }
    refs.push_back(*ref);
    used.insert(ref->pack);
  }
  session.flush_data();
  auto manifest = test_manifest(blobs);
  manifest.leaves.push_back(session.put_metadata(make_leaf(session, refs)));
  if (before_commit) before_commit(session);
  ran.committed = session.commit(std::move(manifest), {used.begin(), used.end()}, ready_in);
  return ran;
}

Ran Bench::back_up(const std::vector<Bytes>& blobs) {
  auto set = stores();
  return back_up(set, blobs);
}

std::vector<std::vector<Bytes>> Bench::read_all() {
  return read_all(names_);
}

std::vector<std::vector<Bytes>> Bench::read_all(const std::vector<std::string>& names) {
  std::vector<StoreSet::Member> members;
  for (const auto& name : names) members.push_back(raw_member(name));
  StoreSet set(std::move(members), monitor);
  BlobReader reader(set, keys, secrets);
  std::vector<std::vector<Bytes>> backups;
  for (const auto& entry : list_backups(set)) {
    const auto loaded = load_manifest(set, keys, entry);
    if (!loaded) throw Error(ErrorKind::internal, "a void is listed as a backup");
    std::vector<Bytes> blobs;
    for (const auto& leaf : loaded->manifest.leaves) {
      const auto plain = reader.read_one(loaded->manifest.packs.at(leaf.pack), leaf.entry, leaf.name);
      for (auto& blob : read_leaf(reader, plain)) blobs.push_back(std::move(blob));
    }
    backups.push_back(std::move(blobs));
  }
  return backups;
}

std::vector<std::string> Bench::keys_in(const std::string& store, const std::string& prefix) {
  std::vector<std::string> found;
  for (const auto& info : storage::list_all(raw(store), prefix)) found.push_back(info.key);
  return found;
}

std::set<crypto::BlobName> Bench::blobs_everywhere() {
  std::set<crypto::BlobName> names;
  auto first = raw_member(names_.front());
  for (const auto& info : storage::list_all(*first.store, "packs/d/")) {
    const bool everywhere =
        std::ranges::all_of(names_, [&](auto& name) { return raw(name).stat(info.key, {}).has_value(); });
    auto pack = keys::parse_pack(info.key).value();
    pack.size = info.size;
    if (!everywhere) continue;
    const auto directory = read_unknown_directory(first, keys, pack, {});
    for (const auto& entry : directory->entries) names.insert(entry.name);
  }
  return names;
}

std::vector<Bytes> some_blobs(std::size_t count, std::size_t size, unsigned seed) {
  storage::FakeRandom random(seed);
  std::vector<Bytes> blobs;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes blob(size + i * 100);
    random.fill(blob);
    blobs.push_back(std::move(blob));
  }
  return blobs;
}

namespace {

std::set<std::string> needed_packs(Bench& bench, StoreSet::Member& store) {
  std::set<std::string> needed;
  StoreSet set({store}, bench.monitor);
  for (const auto& entry : list_backups(set)) {
    const auto loaded = load_manifest(set, bench.keys, entry);
    for (const auto& pack : loaded->manifest.packs) needed.insert(keys::pack(pack));
  }
  return needed;
}

}  // namespace

void sweep(Bench& bench, const std::string& name) {
  auto store = bench.raw_member(name);
  TrashObject trash;
  auto needed = needed_packs(bench, store);
  for (const auto& key : bench.keys_in(name, "packs/")) {
    if (!needed.contains(key)) trash.keys.push_back(key);
  }
  const auto trash_key = put_trash(store, bench.keys, trash, bench.clock, bench.random);
  std::vector<std::string> damaged;
  for (const auto& lease : list_leases(store, bench.keys, damaged)) {
    if (!lease.ended) fence(store, bench.keys, lease, "a test's sweep", bench.clock, bench.random);
  }
  needed = needed_packs(bench, store);
  for (const auto& key : trash.keys) {
    if (!needed.contains(key)) store.store->remove(key);
  }
  for (const auto& key : bench.keys_in(name, "index/")) {
    const auto index = read_index(store, bench.keys, key, {});
    const bool names_dead =
        std::ranges::any_of(index->packs, [&](auto& pack) { return !store.store->stat(keys::pack(pack)); });
    if (names_dead) store.store->remove(key);  // what it still knew of living packs is stored again: only space
  }
  store.store->remove(trash_key);
}

}  // namespace owl::repository::test
