#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "crypto/test_support.h"
#include "observe/monitor.h"
#include "postgres/wal_builder.h"
#include "repository/object_keys.h"
#include "repository/test_support.h"
#include "storage/memory_store.h"
#include "storage/test_support.h"
#include "wal/fetcher.h"
#include "wal/wal_object.h"

/// For unit tests only.
namespace owl::wal::test {

inline constexpr std::uint32_t segment_size = postgres::WalBuilder::segment_size;
inline constexpr postgres::SystemId system_id = 42;  // as WalBuilder writes it

inline std::string segment_name(postgres::TimelineId timeline, std::uint64_t number) {
  return postgres::to_file_name({timeline, number}, segment_size);
}
inline std::string key_of(const std::string& file, unsigned copy = 0) {
  return repository::keys::wal_object(std::to_string(system_id), file, copy);
}

/// The archive of one cluster in two stores in memory, with the keys to write and to read it. What goes through
/// `stores` passes `hooks`; `a` and `b` are what stands behind them.
class ArchiveBench {
 public:
  using MemoryStore = storage::MemoryStore;

  /// Stores any file as push would.
  void put(MemoryStore& store, const std::string& file, ByteView plain, const WalInfo::Segment& segment = {},
           unsigned copy = 0) {
    WalInfo info;
    info.system_id = system_id;
    info.file_name = file;
    info.plain_size = plain.size();
    info.tag = crypto::Namer(keys.wal_naming).name(crypto::BlobKind::wal, plain);
    info.segment = segment;
    if (file.ends_with(".history")) info.history = value_or_throw(postgres::parse_timeline_history(plain));
    const auto key = key_of(file, copy);
    const auto built = build_wal_object(keys, key, info, plain, 1, random);
    const std::array<ByteView, 3> pieces{built.head, built.payload, built.footer};
    ASSERT_EQ(store.put_once(key, pieces, std::nullopt, {}), storage::PutOutcome::stored) << key;
  }
  /// A segment of real WAL, with what push notes of it.
  void put_segment(MemoryStore& store, postgres::SegmentId id, ByteView plain) {
    const auto header = value_or_throw(postgres::check_segment(plain, id));
    put(store, segment_name(id.timeline, id.number), plain, describe_segment(plain, id, header));
  }
  void put_history(MemoryStore& store, postgres::TimelineId timeline, std::string_view text) {
    put(store, postgres::history_file_name(timeline), as_bytes(text));
  }
  /// Bytes `start` to `end` of a segment, as the stream stores them. Its key.
  std::string put_piece(MemoryStore& store, postgres::SegmentId id, ByteView segment, std::uint32_t start,
                        std::uint32_t end) {
    const auto plain = segment.subspan(start, end - start);
    WalInfo info;
    info.system_id = system_id;
    info.file_name = segment_name(id.timeline, id.number);
    info.plain_size = plain.size();
    info.tag = crypto::Namer(keys.wal_naming).name(crypto::BlobKind::wal, plain);
    auto key = repository::keys::open_piece({std::to_string(system_id), info.file_name, start, end, random.array<8>()});
    const auto built = build_wal_object(keys, key, info, plain, 1, random);
    const std::array<ByteView, 3> pieces{built.head, built.payload, built.footer};
    EXPECT_EQ(store.put_once(key, pieces, std::nullopt, {}), storage::PutOutcome::stored) << key;
    return key;
  }
  void flip_a_bit(MemoryStore& store, const std::string& file, unsigned copy = 0) {
    auto bytes = *store.get(key_of(file, copy), {});
    bytes[bytes.size() / 2] ^= 1;
    store.overwrite(key_of(file, copy), std::move(bytes));
  }

  Fetcher fetcher(std::optional<postgres::TimelinePath> path = std::nullopt) {
    return Fetcher(stores, keys, secrets, {system_id, std::move(path), segment_size});
  }

  storage::FakeClock clock;
  storage::FakeRandom random;
  RecordingMonitor monitor;
  std::vector<crypto::EpochSecrets> secrets{crypto::test_secrets()};
  crypto::HostKeys keys = crypto::test_host_keys();
  repository::test::HookedStore::Hooks hooks;
  const std::shared_ptr<MemoryStore> a = std::make_shared<MemoryStore>("a", clock);
  const std::shared_ptr<MemoryStore> b = std::make_shared<MemoryStore>("b", clock);
  repository::StoreSet stores{{{"a", std::make_shared<repository::test::HookedStore>("a", a, hooks), nullptr},
                               {"b", std::make_shared<repository::test::HookedStore>("b", b, hooks), nullptr}},
                              monitor};
};

}  // namespace owl::wal::test
