#include "wal/service_request.h"

#include <gtest/gtest.h>

namespace owl::wal {
namespace {

TEST(ServiceRequest, ReadsWhatClientsSend) {
  const auto push = value_or_throw(parse_service_request("push 000000010000000000000003\n"));
  EXPECT_EQ(push.kind, ServiceRequest::Kind::push);
  EXPECT_EQ(push.file_name, "000000010000000000000003");
  EXPECT_EQ(to_text(push), "push 000000010000000000000003");
  EXPECT_EQ(value_or_throw(parse_service_request("push 00000002.history")).file_name, "00000002.history");
  EXPECT_EQ(value_or_throw(parse_service_request("status\npush nonsense")).kind, ServiceRequest::Kind::status);
}

TEST(ServiceRequest, RefusesTheRest) {
  for (const auto* text : {"", "push", "push ", "push  000000010000000000000003", "push ../../etc/passwd", "Status",
                           "status ", "push 000000010000000000000003 ", "push 00000001000000000000000", "fetch x"}) {
    EXPECT_FALSE(parse_service_request(text)) << text;
  }
  EXPECT_FALSE(parse_service_request("status" + std::string(300, ' ')));
  EXPECT_FALSE(parse_service_request(std::string("status\0", 7)));
}

}  // namespace
}  // namespace owl::wal
