#pragma once

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cluster/extent_map.h"
#include "proof/verify.h"
#include "repository/object_keys.h"
#include "repository/repository.h"
#include "repository/test_support.h"
#include "wal/wal_object.h"

/// For unit tests only.
namespace owl::proof::test {

using namespace std::chrono_literals;
using repository::BackupSession;
using repository::test::Bench;
namespace keys = repository::keys;

inline constexpr std::string_view segment = "000000010000000000000002";
inline constexpr std::string_view wrap_key = "keys/0001/000001.pgp";

inline std::string short_of(const Damage& damage) {
  return damage.store + " " + damage.object + ": " + damage.what;
}

/// Two stores with a repository, in which a host makes backups as `backup cluster` does, of files that are a blob each.
class VerifyTest : public testing::Test {
 protected:
  VerifyTest() {
    repository::InitOptions options;
    options.name = "testdb";
    write_repository(set_, options, bench.keys, wrap_, bench.clock, bench.random);
    archive();
  }

  void archive() {
    wal::WalInfo info;
    info.system_id = 42;
    info.file_name = segment;
    info.plain_size = wal_.size();
    info.tag = crypto::Namer(bench.keys.wal_naming).name(crypto::BlobKind::wal, wal_);
    const auto built = wal::build_wal_object(bench.keys, wal_key, info, wal_, 3, bench.random);
    Bytes object = built.head;
    append(object, built.payload);
    append(object, built.footer);
    for (const auto* store : {"a", "b"}) bench.raw(store).overwrite(wal_key, object);
  }

  BackupSession::Committed back_up(const std::vector<Bytes>& blobs, std::vector<std::string> stores = {"a", "b"}) {
    std::vector<repository::StoreSet::Member> members;
    for (const auto& store : stores) members.push_back(bench.raw_member(store));
    repository::StoreSet set(std::move(members), bench.monitor);
    bench.clock.advance(1h);
    BackupSession session(set, bench.keys, bench.options(), bench.clock, bench.random, bench.monitor, {});
    crypto::Namer namer(bench.keys.writer_naming);
    cluster::ExtentLeaf leaf;
    std::vector<repository::BlobRef> refs;
    for (const auto& blob : blobs) refs.push_back(put(session, namer, blob));
    session.flush_data();
    std::set<std::uint32_t> used;
    for (std::size_t i = 0; i < refs.size(); ++i) {
      used.insert(refs[i].pack);
      add_file(leaf, session, refs[i], static_cast<std::uint32_t>(blobs[i].size()));
    }
    repository::Manifest manifest;
    manifest.kind = "cluster";
    manifest.name = "testdb";
    manifest.wal = {42, 16U << 20, {{1, 0x2000028, 0x2000100}}};
    manifest.leaves.push_back(session.put_metadata(serialize(leaf)));
    return session.commit(std::move(manifest), {used.begin(), used.end()}, {});
  }

  static repository::BlobRef put(BackupSession& session, crypto::Namer& namer, const Bytes& file) {
    const auto name = namer.name(crypto::BlobKind::bytes, file);
    const auto size = static_cast<std::uint32_t>(file.size());
    if (const auto known = session.find(name, size)) return *known;
    return session.append(crypto::BlobKind::bytes, name, codec::Codec::stored, file, size);
  }

  static void add_file(cluster::ExtentLeaf& leaf, BackupSession& session, repository::BlobRef ref, std::uint32_t size) {
    leaf.packs.push_back(session.pack(ref.pack));
    ref.pack = static_cast<std::uint32_t>(leaf.packs.size()) - 1;
    leaf.blobs.push_back(ref);
    cluster::FileEntry file;
    file.path = "base/" + std::to_string(100 + leaf.files.size());
    file.size = size;
    file.extents.push_back({0, size, static_cast<std::uint32_t>(leaf.blobs.size()) - 1, 0});
    leaf.files.push_back(file);
  }

  VerifyResult verify_all(VerifyOptions options = {}) {
    auto stores = bench.stores();
    const repository::HeadFile heads(bench.state.path() / "heads.json");
    options.heads = &heads;
    return verify(repository::list_backups(stores), stores, bench.keys, options, bench.monitor, {});
  }
  std::vector<std::string> found() {
    std::vector<std::string> out;
    for (const auto& damage : verify_all().damages) out.push_back(short_of(damage));
    return out;
  }

  void flip(const std::string& store, const std::string& key, std::size_t place) {
    auto bytes = *bench.raw(store).get(key, {});
    bytes.at(place) ^= 0x20U;
    bench.raw(store).overwrite(key, std::move(bytes));
  }
  std::string first_in(const std::string& prefix) { return bench.keys_in("a", prefix).at(0); }

  Bench bench;
  repository::StoreSet set_ = bench.raw_stores();
  const Bytes wrap_ = Bytes(700, 0x5a);
  const Bytes wal_ = Bytes(5000, 0x42);
  const std::string wal_key = keys::wal_object("42", segment);
  const std::vector<Bytes> files = repository::test::some_blobs(5);
};

}  // namespace owl::proof::test
