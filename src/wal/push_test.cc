#include "wal/push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/file.h"
#include "os/system.h"
#include "os/test_support.h"
#include "postgres/control_file.h"
#include "postgres/test_samples.h"
#include "postgres/wal_script.h"
#include "storage/fault.h"
#include "wal/test_support.h"

namespace owl::wal {
namespace {

using namespace std::chrono_literals;
using os::test::TemporaryFolder;
using storage::error_of;
using test::segment_name;
using testing::ElementsAre;
using testing::IsEmpty;

/// A data directory as the archiver sees it, and a segment that it hands over.
class PushTest : public testing::Test {
 protected:
  PushTest() {
    os::make_folders(data_directory_ / "global");
    os::make_folders(data_directory_ / "pg_wal");
    os::replace_file(data_directory_ / "global/pg_control", control_);
    wal_.commit(700, {1'790'000'000'000'000});
    wal_.add_switch();
    enrolments_.enrol(data_directory_, {1});
  }

  PushResult push(const std::string& name, ByteView content) { return push(name, content, bench_.stores); }
  PushResult push(const std::string& name, ByteView content, repository::StoreSet& stores) {
    const auto file = data_directory_ / "pg_wal" / name;
    os::replace_file(file, content);
    return wal::push(file, data_directory_, stores, bench_.keys, enrolments_, options_, bench_.clock, bench_.random,
                     bench_.monitor);
  }
  PushResult push() { return push(name_, wal_.segments()[0]); }

  /// The two stores, with faults in the second.
  repository::StoreSet with_faults_in_b(std::string_view spec, Clock& clock) {
    const auto faulty = storage::with_faults(bench_.b, value_or_throw(storage::parse_fault_spec(spec)), clock);
    return repository::StoreSet({{"a", bench_.a, nullptr}, {"b", faulty, nullptr}}, bench_.monitor);
  }
  std::string key(unsigned copy = 0) const {
    return repository::keys::wal_object(std::to_string(system_id_), name_, copy);
  }
  std::optional<Bytes> fetched(const std::string& name, storage::MemoryStore& store) {
    repository::StoreSet one({{"one", std::shared_ptr<storage::MemoryStore>(&store, [](auto*) {}), nullptr}},
                             bench_.monitor);
    return Fetcher(one, bench_.keys, bench_.secrets, {system_id_, std::nullopt, test::segment_size}).fetch(name);
  }
  std::vector<std::string> keys_in(storage::MemoryStore& store) {
    std::vector<std::string> keys;
    store.list("", "", [&](const auto& object) { return keys.push_back(object.key), true; }, {});
    return keys;
  }

  TemporaryFolder folder_;
  const std::filesystem::path data_directory_ = folder_ / "pg";
  const Bytes control_ = postgres::control_file_sample(15);
  const postgres::SystemId system_id_ = value_or_throw(postgres::parse_control_file(control_)).system_id;
  postgres::WalScript wal_{postgres::WalBuilder::Options{.system_id = system_id_}};
  const std::string name_ = segment_name(1, 3);
  Enrolments enrolments_{folder_ / "state"};
  PushOptions options_{.policy = {2}, .zstd_level = 1, .timeout = 60s, .grace = 60s};
  test::ArchiveBench bench_;
};

TEST(AckPolicy, AnyAllOrANumber) {
  EXPECT_EQ(AckPolicy::parse("any", 3).needed, 1u);
  EXPECT_EQ(AckPolicy::parse("all", 3).needed, 3u);
  EXPECT_EQ(AckPolicy::parse("2", 3).needed, 2u);
  for (const auto* wrong : {"", "0", "4", "-1", "2x", "most", "ALL"}) {
    const auto error = error_of([&] { AckPolicy::parse(wrong, 3); });
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_EQ(error.message(), "wal.acknowledge = \"" + std::string(wrong) + "\" does not fit 3 stores");
    EXPECT_EQ(error.hint(), "Write any, all, or a number from 1 to the number of stores.");
  }
}

TEST_F(PushTest, StoresInEveryStore) {
  const auto result = push();
  EXPECT_EQ(result.outcome, PushOutcome::stored);
  EXPECT_THAT(result.stores, ElementsAre("a", "b"));
  EXPECT_THAT(result.failed, IsEmpty());
  EXPECT_EQ(result.plain_bytes, test::segment_size);
  EXPECT_EQ(result.stored_bytes, bench_.a->get(key(), {})->size());
  for (auto* store : {bench_.a.get(), bench_.b.get()}) EXPECT_EQ(fetched(name_, *store), wal_.segments()[0]);
}

TEST_F(PushTest, NotesWhatRecoveryPlanningNeeds) {
  push();
  const auto info = check_wal_object(bench_.keys, key(), *bench_.a->get(key(), {}));
  EXPECT_EQ(info.system_id, system_id_);
  EXPECT_EQ(info.segment.major, 15);
  EXPECT_EQ(info.segment.transaction_ends, 1u);
  EXPECT_EQ(info.segment.max_time.micros, 1'790'000'000'000'000);
}

TEST_F(PushTest, TheSameBytesAgainAreSuccess) {
  push();
  const auto before = *bench_.a->get(key(), {});
  const auto result = push();
  EXPECT_EQ(result.outcome, PushOutcome::already_stored);
  EXPECT_THAT(result.stores, ElementsAre("a", "b"));
  EXPECT_EQ(*bench_.a->get(key(), {}), before);
  EXPECT_THAT(keys_in(*bench_.a), ElementsAre(key()));
}

TEST_F(PushTest, AStoreThatLackedItGetsItOnTheNextPush) {
  push();
  bench_.b->remove(key(), {});
  EXPECT_EQ(push().outcome, PushOutcome::stored);
  EXPECT_EQ(fetched(name_, *bench_.b), wal_.segments()[0]);
}

TEST_F(PushTest, OtherBytesUnderTheNameAreAConflict) {
  push();
  const auto before = *bench_.a->get(key(), {});
  postgres::WalScript other{postgres::WalBuilder::Options{.system_id = system_id_}};
  other.commit(701, {1'790'000'000'000'001});
  const auto error = error_of([&] { push(name_, other.segments()[0]); });
  EXPECT_EQ(error.kind(), ErrorKind::conflict);
  EXPECT_EQ(error.message(), "other bytes are archived already under the name " + name_);
  EXPECT_THAT(error.what(), testing::StartsWith("archiving " + name_ + " in store "));
  for (const auto* cause : {"another cluster archives into this repository", "a clone or a rolled-back snapshot",
                            "WAL was lost in a crash with fsync off", "Nothing was overwritten."}) {
    EXPECT_THAT(error.hint(), testing::HasSubstr(cause));
  }
  EXPECT_EQ(*bench_.a->get(key(), {}), before);
  EXPECT_THAT(keys_in(*bench_.a), ElementsAre(key())) << "a conflict is no damage: no copy is made";
}

TEST_F(PushTest, AConflictIsToldBeforeADeadStore) {
  push();
  bench_.hooks.before = [](const auto& operation) {
    if (operation.store == "b") throw Error(ErrorKind::unreachable, "connection refused");
  };
  postgres::WalScript other{postgres::WalBuilder::Options{.system_id = system_id_}};
  other.add_sized(5);
  EXPECT_EQ(error_of([&] { push(name_, other.segments()[0]); }).kind(), ErrorKind::conflict);
}

TEST_F(PushTest, ADamagedObjectGetsAGoodCopyBesideIt) {
  push();
  auto damaged = *bench_.a->get(key(), {});
  damaged[damaged.size() / 2] ^= 1;
  bench_.a->overwrite(key(), damaged);
  EXPECT_EQ(push().outcome, PushOutcome::stored);
  EXPECT_THAT(bench_.monitor.warnings(),
              ElementsAre("store a: the WAL object " + key() +
                          " is damaged: its authentication code is wrong; a good copy is stored beside it"));
  EXPECT_THAT(keys_in(*bench_.a), testing::UnorderedElementsAre(key(), key(1)));
  EXPECT_EQ(*bench_.a->get(key(), {}), damaged) << "what stands there may be evidence";
  EXPECT_EQ(fetched(name_, *bench_.a), wal_.segments()[0]);
  EXPECT_EQ(push().outcome, PushOutcome::already_stored);
  EXPECT_THAT(keys_in(*bench_.a), testing::SizeIs(2));
}

TEST_F(PushTest, OneStoreIsEnoughForAny) {
  bench_.hooks.before = [](const auto& operation) {
    if (operation.store == "b") throw Error(ErrorKind::denied, "the key is not valid");
  };
  options_.policy = AckPolicy::parse("any", 2);
  const auto result = push();
  EXPECT_THAT(result.stores, ElementsAre("a"));
  EXPECT_THAT(result.failed, ElementsAre("b"));
}

TEST_F(PushTest, OneStoreIsTooFewForAll) {
  bench_.hooks.before = [](const auto& operation) {
    if (operation.store == "b") throw Error(ErrorKind::denied, "the key is not valid");
  };
  options_.policy = AckPolicy::parse("all", 2);
  const auto error = error_of([&] { push(); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_STREQ(error.what(), ("archiving " + name_ + " in store b: the key is not valid").c_str());
  EXPECT_EQ(fetched(name_, *bench_.a), wal_.segments()[0]) << "what could be stored is, for the next try";
}

TEST_F(PushTest, AStoreThatDroppedOutCountsAsFailed) {
  bench_.stores.drop("b", Error(ErrorKind::unreachable, "gone"));
  options_.policy = {1};
  EXPECT_THAT(push().failed, ElementsAre("b"));
  options_.policy = {2};
  const auto error = error_of([&] { push(); });
  EXPECT_EQ(error.kind(), ErrorKind::unreachable);
  EXPECT_EQ(error.message(), name_ + " is in 1 stores, wal.acknowledge asks for 2");
}

/// PostgreSQL's archiver must not wait for a store that hangs once enough others have the segment.
TEST_F(PushTest, AHangingStoreGetsItsGraceAndNoMore) {
  os::SystemClock clock;
  auto stores = with_faults_in_b("slow:1h", clock);
  options_.policy = {1};
  options_.grace = 50ms;
  const auto begin = clock.monotonic();
  const auto result = push(name_, wal_.segments()[0], stores);
  EXPECT_LT(clock.monotonic() - begin, 30s);
  EXPECT_THAT(result.stores, ElementsAre("a"));
  EXPECT_THAT(result.failed, ElementsAre("b"));
}

TEST_F(PushTest, NoStoreGetsMoreThanTheTimeout) {
  os::SystemClock clock;
  auto stores = with_faults_in_b("slow:1h", clock);
  options_.timeout = 100ms;
  const auto begin = clock.monotonic();
  const auto error = error_of([&] { push(name_, wal_.segments()[0], stores); });
  EXPECT_EQ(error.kind(), ErrorKind::timeout);
  EXPECT_STREQ(error.what(), ("archiving " + name_ + " in store b: no answer within 100 ms").c_str());
  EXPECT_LT(clock.monotonic() - begin, 30s);
}

/// The answer to a PUT was lost. Whether it was carried out is asked, never guessed.
TEST_F(PushTest, AnAnswerThatWasLostIsFoundOut) {
  for (const auto* fault : {"cut@1", "fail@1:transient", "cut@1,fail@2:timeout", "late@1", "late@1,fail@2:throttled"}) {
    auto stores = with_faults_in_b(fault, bench_.clock);
    const auto result = push(name_, wal_.segments()[0], stores);
    EXPECT_EQ(result.outcome, PushOutcome::stored) << fault;
    EXPECT_THAT(result.stores, ElementsAre("a", "b")) << fault;
    EXPECT_THAT(keys_in(*bench_.b), ElementsAre(key())) << fault;
    EXPECT_EQ(fetched(name_, *bench_.b), wal_.segments()[0]) << fault;
    bench_.a->remove(key(), {});
    bench_.b->remove(key(), {});
  }
}

TEST_F(PushTest, ATruncatedFileIsOfferedAgain) {
  const auto error = error_of([&] { push(name_, ByteView(wal_.segments()[0]).first(8192)); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(error.message(), (data_directory_ / "pg_wal" / name_).string() +
                                 " has 8192 bytes, a WAL segment of this cluster has 1048576");
  EXPECT_EQ(error.hint(), "It was cut short by a full disk or by a copy; PostgreSQL will offer it again.");
  EXPECT_THAT(keys_in(*bench_.a), IsEmpty());
}

TEST_F(PushTest, ASegmentOfAnotherClusterIsAConflict) {
  postgres::WalScript foreign{postgres::WalBuilder::Options{.system_id = 42}};
  foreign.add_sized(5);
  const auto error = error_of([&] { push(name_, foreign.segments()[0]); });
  EXPECT_EQ(error.kind(), ErrorKind::conflict);
  EXPECT_EQ(error.message(), (data_directory_ / "pg_wal" / name_).string() +
                                 " was written by another cluster (system id 42, this data directory is " +
                                 std::to_string(system_id_) + ")");
  EXPECT_THAT(keys_in(*bench_.a), IsEmpty());
}

TEST_F(PushTest, ASegmentUnderAnotherNameIsRefused) {
  const auto error = error_of([&] { push(segment_name(1, 4), wal_.segments()[0]); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.message(), testing::HasSubstr(" is not " + segment_name(1, 4) + ": "));
}

TEST_F(PushTest, ANewTimelineNeedsAnEnrolledDirectory) {
  enrolments_.forget(data_directory_);
  const auto error = error_of([&] { push(); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(error.message(), name_ + " begins a timeline that the archive does not know and the data directory " +
                                 data_directory_.string() +
                                 " is not enrolled: this may be a restored or cloned cluster");
  EXPECT_EQ(error.hint(),
            "If this cluster is the one to archive from now on: `owlbackup doctor --enrol`. If it is a copy: set "
            "archive_mode = off.");
  EXPECT_THAT(keys_in(*bench_.a), IsEmpty());
}

TEST_F(PushTest, AKnownTimelineNeedsNone) {
  push();
  enrolments_.forget(data_directory_);
  wal_.add_sized(5);
  EXPECT_EQ(push(segment_name(1, 4), wal_.segments()[1]).outcome, PushOutcome::stored);
}

TEST_F(PushTest, ACopyBesideItsOriginalMayNotArchiveOnTheSameTimeline) {
  push();
  const auto original = folder_ / "original";
  os::make_folders(original / "global");
  os::replace_file(original / "global/pg_control", control_);
  enrolments_.forget(data_directory_);
  enrolments_.enrol(original, {1});
  wal_.add_sized(5);
  const auto error = error_of([&] { push(segment_name(1, 4), wal_.segments()[1]); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(error.message(), "the data directory " + data_directory_.string() + " must not archive " +
                                 segment_name(1, 4) + ": it is not enrolled, and " + original.string() +
                                 " is, which is the same cluster (system id " + std::to_string(system_id_) +
                                 "): this is a copy of it");
  std::filesystem::remove_all(original);
  EXPECT_EQ(push(segment_name(1, 4), wal_.segments()[1]).outcome, PushOutcome::stored) << "it was moved";
}

TEST_F(PushTest, AHistoryFileAlwaysNeedsAnEnrolledDirectory) {
  const std::string text = "1\t0/301000\tno recovery target specified\n";
  EXPECT_EQ(push("00000002.history", as_bytes(text)).outcome, PushOutcome::stored);
  enrolments_.forget(data_directory_);
  const auto error = error_of([&] { push("00000002.history", as_bytes(text)); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.message(), testing::StartsWith("00000002.history begins a new timeline and the data directory "));
}

TEST_F(PushTest, LabelsAndPartialSegmentsAreArchivedToo) {
  push(name_ + ".00000028.backup", as_bytes("START WAL LOCATION: 0/300028\n"));
  EXPECT_EQ(fetched(name_ + ".00000028.backup", *bench_.a), to_bytes(as_bytes("START WAL LOCATION: 0/300028\n")));
  push(name_ + ".partial", wal_.segments()[0]);
  EXPECT_EQ(fetched(name_ + ".partial", *bench_.b), wal_.segments()[0]);
}

TEST_F(PushTest, NamesThatAreNotPostgresAreRefused) {
  EXPECT_EQ(error_of([&] { push("000000010000000000000003.gz", wal_.segments()[0]); }).kind(), ErrorKind::integrity);
}

}  // namespace
}  // namespace owl::wal
