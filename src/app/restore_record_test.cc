#include "app/restore_record.h"

#include <gtest/gtest.h>

namespace owl::app {
namespace {

using codec::Json;

RestoreRecord sample() {
  RestoreRecord record;
  record.system_id = 18'000'000'000'000'000'000u;
  record.segment_size = 16u << 20;
  record.target_timeline = 3;
  record.history = {{1, {0x3000000}, ""}, {2, {0x1'05000000}, ""}};
  record.id = "1a2b3c4d";
  record.data_directory = "/srv/pg";
  record.socket = "/run/owlbackup/1a2b3c4d.sock";
  record.ticket = "/var/lib/owlbackup/tickets/1a2b3c4d.ticket";
  record.owner_uid = 4'294'967'294u;
  record.owner_gid = 7;
  return record;
}

TEST(RestoreRecord, ComesBackAsItWas) {
  const auto back = parse_restore_record(serialize(sample()));
  ASSERT_TRUE(back);
  EXPECT_EQ(serialize(*back), serialize(sample()));
  EXPECT_EQ(back->system_id, 18'000'000'000'000'000'000u);
  EXPECT_EQ(back->history[1].timeline, 2u);
  EXPECT_EQ(back->owner_uid, 4'294'967'294u);
  EXPECT_EQ(back->socket, "/run/owlbackup/1a2b3c4d.sock");
}

TEST(RestoreRecord, SaysWhatIsWrong) {
  const std::tuple<const char*, Json, const char*> cases[] = {
      {"id", "../../etc", "a record of a restore without an id"},
      {"id", nullptr, "a record of a restore without an id"},
      {"owner_uid", -1, "a record of a restore without an owner"},
      {"owner_gid", "0", "a record of a restore without an owner"},
      {"target_timeline", 1, "a record of a restore with a timeline history that makes no sense"},
      {"segment_size", 0, "a record of a restore without a WAL segment size"},
  };
  for (const auto& [name, value, message] : cases) {
    auto json = value_or_throw(Json::parse(as_text(serialize(sample()))));
    json.set(name, value);
    const auto record = parse_restore_record(as_bytes(json.dump()));
    ASSERT_FALSE(record) << message;
    EXPECT_EQ(record.error().message(), message);
  }
}

}  // namespace
}  // namespace owl::app
