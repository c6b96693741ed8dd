#include "wal/recovery_ticket.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/test_support.h"
#include "os/file.h"
#include "os/system.h"
#include "os/test_support.h"

namespace owl::wal {
namespace {

using codec::Json;
using os::test::error_of;

RecoveryTicket sample() {
  RecoveryTicket ticket;
  ticket.system_id = 18'000'000'000'000'000'000u;
  ticket.segment_size = 16u << 20;
  ticket.target_timeline = 3;
  ticket.history = {{1, {0x3000000}, ""}, {2, {0x1'05000000}, ""}};
  ticket.keys = crypto::test_host_keys();
  ticket.secrets = {crypto::test_secrets()};
  storage::StoreOptions store{.name = "primary", .url = "s3://bucket/prefix", .endpoint = "https://host"};
  store.region = "eu";
  store.request_timeout = std::chrono::minutes(10);
  store.retries = 3;
  store.secret_access_key = Secret("s3cret");
  ticket.stores = {store};
  ticket.data_directory = "/srv/pg";
  return ticket;
}

/// The sample with one member set anew.
Bytes with(std::string_view name, Json value) {
  auto json = value_or_throw(Json::parse(as_text(serialize(sample()))));
  json.set(name, std::move(value));
  return to_bytes(as_bytes(json.dump()));
}

TEST(RecoveryTicket, ComesBackAsItWas) {
  const auto back = parse_recovery_ticket(serialize(sample()));
  ASSERT_TRUE(back);
  EXPECT_EQ(serialize(*back), serialize(sample()));
  EXPECT_EQ(back->system_id, 18'000'000'000'000'000'000u);
  EXPECT_EQ(back->history[1].switch_point, postgres::Lsn{0x1'05000000});
  EXPECT_EQ(back->stores[0].secret_access_key.reveal(), "s3cret");
  EXPECT_EQ(back->stores[0].request_timeout, std::chrono::minutes(10))
      << "recovery is as patient as its configuration was";
  EXPECT_EQ(back->stores[0].retries, 3);
  EXPECT_EQ(back->data_directory, "/srv/pg");
}

TEST(RecoveryTicket, SaysWhatIsWrong) {
  const auto row = [](Json timeline, const char* lsn) {
    return Json::array().push(Json().set("timeline", std::move(timeline)).set("switch", lsn));
  };
  const std::pair<Bytes, std::string> cases[] = {
      {with("owlbackup", "heads"), "not a recovery ticket of this version"},
      {with("format", 2), "not a recovery ticket of this version"},
      {with("system_id", 7), "a recovery ticket without a system id"},
      {with("system_id", "-7"), "a recovery ticket without a system id"},
      {with("segment_size", 12'345'678), "a recovery ticket without a WAL segment size"},
      {with("segment_size", std::int64_t{1} << 40), "a recovery ticket without a WAL segment size"},
      {with("target_timeline", 0), "a recovery ticket without a target timeline"},
      {with("target_timeline", std::int64_t{1} << 32), "a recovery ticket without a target timeline"},
      {with("history", nullptr), "a recovery ticket without a timeline history"},
      {with("history", row(1, "x")), "a recovery ticket with a timeline history that makes no sense"},
      {with("history", row(3, "0/1")), "a recovery ticket with a timeline history that makes no sense"},
      {with("stores", 7), "a recovery ticket without stores"},
      {with("secrets", 7), "a recovery ticket without secrets"},
  };
  for (const auto& [text, message] : cases) {
    const auto ticket = parse_recovery_ticket(text);
    ASSERT_FALSE(ticket) << message;
    EXPECT_EQ(ticket.error().message(), message);
  }
}

TEST(RecoveryTicket, IsReadableByItsOwnerAlone) {
  const os::test::TemporaryFolder folder;
  const auto path = folder / "tickets/1a2b3c4d.ticket";
  write_ticket(path, sample(), os::effective_uid(), ::getegid());
  EXPECT_EQ(os::status_of(path)->mode, 0600u);
  EXPECT_EQ(serialize(read_ticket(path)), serialize(sample()));
}

TEST(RecoveryTicket, AMissingOneSaysHowToGetAnother) {
  const os::test::TemporaryFolder folder;
  const auto error = error_of([&] { read_ticket(folder / "ticket"); });
  EXPECT_EQ(error.kind(), ErrorKind::no_key);
  EXPECT_EQ(error.message(), "the recovery ticket " + (folder / "ticket").string() +
                                 " is not there: WAL can't be fetched without its keys");
  os::replace_file(folder / "ticket", as_bytes("{"));
  EXPECT_TRUE(std::string(error_of([&] { read_ticket(folder / "ticket"); }).what())
                  .starts_with("reading the recovery ticket " + (folder / "ticket").string() + ": not JSON"));
}

}  // namespace
}  // namespace owl::wal
