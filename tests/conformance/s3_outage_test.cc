// What becomes of calls when the server hangs, dies, or is full. Each of these has a Ceph cluster that it may break.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "conformance/subject.h"
#include "storage/test_support.h"
#include "storage/write_once.h"
#include "support/environment.h"
#include "support/run.h"
#include "support/temp_dir.h"

namespace owl::storage {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::S3Kind;
using test::S3Server;

class S3Outage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<S3Server>(S3Kind::ceph);
    bucket_ = server_->make_bucket();
  }
  static void TearDownTestSuite() { server_.reset(); }
  static StoreOptions options() { return options_for(*server_, bucket_); }
  static std::string where() { return "primary (" + options().url + ")"; }

  static std::unique_ptr<S3Server> server_;
  static std::string bucket_;
};
std::unique_ptr<S3Server> S3Outage::server_;
std::string S3Outage::bucket_;

/// The server hangs for as long as this lives.
class Hanging {
 public:
  explicit Hanging(S3Server& server) : server_(server) { server_.pause(); }
  ~Hanging() { server_.resume(); }
  Hanging(const Hanging&) = delete;
  Hanging& operator=(const Hanging&) = delete;

 private:
  S3Server& server_;
};

TEST_F(S3Outage, AServerThatHangsIsATimeout) {
  auto impatient = options();
  impatient.request_timeout = milliseconds(1000);
  bare_s3(options(), system_clock())->put_once("before", as_bytes("x"));
  const auto store = bare_s3(impatient, system_clock());
  {
    const Hanging hanging(*server_);
    const auto start = steady_clock::now();
    const auto error = error_of([&] { store->put_once("hung", as_bytes("x")); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_EQ(error.what(),
              "cannot store hung in " + where() + ": " + server_->endpoint() + " took too long to answer");
    EXPECT_LT(steady_clock::now() - start, milliseconds(3000));
  }
  // The put that timed out may land now: only `create` can tell, and it does.
  const ByteView pieces[] = {as_bytes("x")};
  EXPECT_EQ(create(*bare_s3(options(), system_clock()), system_clock(), "hung", pieces, 1), CreateResult::created);
}

TEST_F(S3Outage, AStopEndsACallThatHangs) {
  const auto store = bare_s3(options(), system_clock());
  store->put_once("stop/before", as_bytes("x"));
  const Hanging hanging(*server_);
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(300));
    source.request_stop();
  });
  const auto start = steady_clock::now();
  EXPECT_EQ(error_of([&] { store->put_once("stop/hung", as_bytes("x"), source.get_token()); }).kind(),
            ErrorKind::cancelled);
  EXPECT_LT(steady_clock::now() - start, milliseconds(1500));
}

TEST_F(S3Outage, ADeadGatewayIsUnreachableAndComesBack) {
  const auto store = bare_s3(options(), system_clock());
  store->put_once("dead/before", as_bytes("x"));
  server_->kill_gateway();
  std::this_thread::sleep_for(milliseconds(300));
  const auto error = error_of([&] { bare_s3(options(), system_clock())->get("dead/before", {}); });
  EXPECT_EQ(error.kind(), ErrorKind::unreachable);
  EXPECT_EQ(error.what(), "cannot read dead/before in " + where() + ": no connection to " + server_->endpoint() +
                              ": Connection refused");
  EXPECT_EQ(error.hint(), "Check that it is up, and that no firewall or proxy stands between.");
  server_->start_gateways();
  EXPECT_TRUE(bare_s3(options(), system_clock())->stat("dead/before", {}));
}

TEST_F(S3Outage, KilledInTheMiddleOfPutsLeavesEachAbsentOrWhole) {
  const auto store = bare_s3(options(), system_clock());
  const auto bytes = pattern(8 << 20);
  int stored = 0;
  std::optional<Error> failure;
  {
    std::jthread killer([] {
      std::this_thread::sleep_for(milliseconds(400));
      server_->kill_gateway();
    });
    for (int i = 0; i < 1000 && !failure; ++i) {
      try {
        store->put_once("killed/" + std::to_string(i), bytes);
        ++stored;
      } catch (const Error& error) {
        failure = error;
      }
    }
  }
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->retryable()) << failure->what();
  server_->start_gateways();
  for (int i = 0; i <= stored; ++i) {
    const auto got = bare_s3(options(), system_clock())->get("killed/" + std::to_string(i), {});
    const bool absent_or_whole = got ? equal(*got, bytes) : i == stored;
    ASSERT_TRUE(absent_or_whole) << i << " of " << stored;
  }
  const ByteView pieces[] = {bytes};
  EXPECT_EQ(create(*bare_s3(options(), system_clock()), system_clock(), "killed/" + std::to_string(stored), pieces, 32),
            CreateResult::created);
}

TEST_F(S3Outage, RetriesOutlastAnOutage) {
  os::SystemRandom random;
  auto patient = options();
  patient.retries = 12;
  const auto opened = open_store(patient, system_clock(), random);
  opened.store->put_once("outlast", as_bytes("x"));
  server_->kill_gateway();
  std::jthread starter([] {
    std::this_thread::sleep_for(milliseconds(1000));
    server_->start_gateways();
  });
  EXPECT_TRUE(opened.store->get("outlast"));
  EXPECT_GT(opened.meter->read().retries, 0u);
}

TEST_F(S3Outage, AUsedUpQuotaIsAFullDisk) {
  server_->admin({"quota", "set", "--quota-scope=user", "--uid=test", "--max-size=1M"});
  server_->admin({"quota", "enable", "--quota-scope=user", "--uid=test"});
  const auto store = bare_s3(options(), system_clock());
  const auto error = error_of([&] {
    for (int i = 0; i < 20; ++i) store->put_once("full/" + std::to_string(i), pattern(1 << 20));
  });
  EXPECT_EQ(error.kind(), ErrorKind::disk_full);
  EXPECT_THAT(error.what(), testing::MatchesRegex("cannot store full/[0-9]+ in primary \\(.*\\): the quota is used up "
                                                  "\\(403 QuotaExceeded\\)"));
  EXPECT_EQ(error.hint(), "Raise it, or let older backups expire.");
}

}  // namespace
}  // namespace owl::storage
