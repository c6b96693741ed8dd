#include "codec/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace owl::codec {
namespace {

Json parsed(std::string_view text) {
  return value_or_throw(Json::parse(text));
}

TEST(Json, WritesMembersInTheOrderTheyWereSet) {
  Json json;
  json.set("z", 1).set("a", "text").set("list", Json().push(true).push(nullptr).push(1.5)).set("none", Json::object());
  json.set("z", 2);
  EXPECT_EQ(json.dump(), R"({"z":2,"a":"text","list":[true,null,1.5],"none":{}})");
  EXPECT_EQ(Json().set("a", Json().push(1).push(2)).dump(2), "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
  EXPECT_EQ(Json::array().dump(2), "[]");
}

TEST(Json, IntegersStayExact) {
  const auto largest = std::numeric_limits<std::uint64_t>::max();
  const auto smallest = std::numeric_limits<std::int64_t>::min();
  const Json json = Json().push(largest).push(smallest).push(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(json.dump(), "[18446744073709551615,-9223372036854775808,9223372036854775807]");
  const Json again = parsed(json.dump());
  EXPECT_EQ(again.dump(), json.dump());
  EXPECT_EQ((*again.as_array())[0].unsigned_or(0), largest);
  EXPECT_EQ((*again.as_array())[0].integer_or(-1), -1);
  EXPECT_EQ((*again.as_array())[1].integer_or(0), smallest);
  EXPECT_EQ((*again.as_array())[1].unsigned_or(7), 7u);
}

TEST(Json, DoublesRoundTripAndStayDoubles) {
  EXPECT_EQ(Json(1.0).dump(), "1.0");
  EXPECT_EQ(Json(0.1).dump(), "0.1");
  EXPECT_EQ(Json(1e300).dump(), "1e+300");
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).dump(), "null");
  EXPECT_EQ(parsed("0.1").number_or(0), 0.1);
  EXPECT_EQ(parsed("3").number_or(0), 3.0);
}

TEST(Json, EscapesAndReplaces) {
  EXPECT_EQ(Json("a\"\\\n\x01\x7f").dump(), "\"a\\\"\\\\\\n\\u0001\x7f\"");
  EXPECT_EQ(Json("caf\xc3\xa9 \xff\xfe x").dump(), "\"caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd x\"");
  EXPECT_EQ(Json().set("\xff", 1).dump(), "{\"\xef\xbf\xbd\":1}");
  EXPECT_EQ(parsed(R"("\u00e9\ud83e\udd89")").text_or(""), "\xc3\xa9\xf0\x9f\xa6\x89");
}

TEST(Json, ReadsMembersWithDefaults) {
  const Json json = parsed(R"({"a": {"b": [1, "x", false]}, "a2": null})");
  EXPECT_TRUE(json["absent"]["deeper"].is_null());
  EXPECT_EQ(json["a"]["b"].as_array()->size(), 3u);
  EXPECT_EQ((*json["a"]["b"].as_array())[1].text_or("y"), "x");
  EXPECT_EQ((*json["a"]["b"].as_array())[1].integer_or(5), 5);
  EXPECT_FALSE((*json["a"]["b"].as_array())[2].bool_or(true));
  EXPECT_EQ(json["a2"].text_or("none"), "none");
}

TEST(Json, CopiesAreIndependent) {
  Json a = Json().set("k", 1);
  Json b = a;
  b.set("k", 2);
  EXPECT_EQ(a["k"].integer_or(0), 1);
  EXPECT_EQ(b["k"].integer_or(0), 2);
}

TEST(Json, OfEqualNamesTheLastCounts) {
  EXPECT_EQ(parsed(R"({"a":1,"a":2})")["a"].integer_or(0), 2);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const std::string_view text :
       {"", "{", "[1,]", "{\"a\"}", "nul", "1 2", "\"\xff\"", "'a'", "[1] x", "NaN", "01"}) {
    EXPECT_FALSE(Json::parse(text)) << text;
  }
}

TEST(Json, DepthIsLimited) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(Json::parse(nested(64)));
  const auto refused = Json::parse(nested(65));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "JSON nested deeper than 64");
  EXPECT_FALSE(Json::parse(std::string(1'000'000, '[')));
  std::string objects;
  for (int i = 0; i < 100; ++i) objects += "{\"a\":";
  EXPECT_FALSE(Json::parse(objects));
}

TEST(Json, ManyMembersParseInLinearTime) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  text.back() = '}';
  EXPECT_EQ(parsed(text).as_object()->size(), 200'000u);
}

}  // namespace
}  // namespace owl::codec
