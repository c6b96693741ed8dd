#include "observe/log_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace owl::detail {
namespace {

std::string redacted(std::string_view text, const std::vector<std::string>& secrets) {
  std::vector<Secret> wrapped;
  for (const auto& secret : secrets) wrapped.emplace_back(secret);
  return redact(text, wrapped);
}

TEST(Redact, HidesEveryOccurrence) {
  EXPECT_EQ(redacted("a=hunter2 b=hunter2.", {"hunter2"}), "a=*** b=***.");
  EXPECT_EQ(redacted("nothing here", {"hunter2"}), "nothing here");
  EXPECT_EQ(redacted("hunter", {"hunter2"}), "hunter");
  EXPECT_EQ(redacted("", {"hunter2"}), "");
  EXPECT_EQ(redacted("text", {}), "text");
  EXPECT_EQ(redacted("text", {""}), "text");
}

TEST(Redact, HidesPercentEncodedForms) {
  const std::vector<std::string> secrets{"a/b+c d=\xc3\xa9"};
  EXPECT_EQ(redacted("x a/b+c d=\xc3\xa9 y", secrets), "x *** y");
  EXPECT_EQ(redacted("x a%2Fb%2Bc%20d%3D%C3%A9 y", secrets), "x *** y") << "RFC 3986";
  EXPECT_EQ(redacted("x a%2fb%2bc%20d%3d%c3%a9 y", secrets), "x *** y") << "lower case";
  EXPECT_EQ(redacted("x a%2Fb%2Bc+d%3D%C3%A9 y", secrets), "x *** y") << "a form";
  EXPECT_EQ(redacted("x a/b%2Bc%20d=%C3%A9 y", secrets), "x *** y") << "a path keeps its slashes";
  EXPECT_EQ(redacted("x %61/%62+%63 %64=\xc3\xa9 y", secrets), "x *** y") << "more than needed";
}

TEST(Redact, ASecretMayHoldPercentSigns) {
  EXPECT_EQ(redacted("100%25 100%2525", {"100%25"}), "*** ***");
  EXPECT_EQ(redacted("100%", {"100%"}), "***");
  EXPECT_EQ(redacted("%4", {"%41"}), "%4");
}

TEST(Redact, OverlappingSecretsLeaveNothing) {
  EXPECT_EQ(redacted("abcd", {"abc", "bcd"}), "***");
  EXPECT_EQ(redacted("abc", {"a", "abc"}), "***");
  EXPECT_EQ(redacted("aaa", {"aa"}), "***");
}

TEST(EscapeText, LeavesReadableTextAlone) {
  EXPECT_EQ(escape_text("Grüße, 東京 🦉 = \"quoted\" C:\\x"), "Grüße, 東京 🦉 = \"quoted\" C:\\x");
}

TEST(EscapeText, KeepsALineALine) {
  EXPECT_EQ(escape_text("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(escape_text(std::string_view("\0\x1b[31m\x7f", 7)), "\\u0000\\u001b[31m\\u007f");
  EXPECT_EQ(escape_text("\xc2\x85\xc2\x9b"), "\\u0085\\u009b") << "the same controls as UTF-8";
  EXPECT_EQ(escape_text("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae\xe2\x81\xa6"), "\\u2028\\u2029\\u202e\\u2066");
}

TEST(EscapeText, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(escape_text("\xff\xc0\x80"), "\\xff\\xc0\\x80");
  EXPECT_EQ(escape_text("\xe2\x82"), "\\xe2\\x82") << "cut short";
  EXPECT_EQ(escape_text("\xe0\x80\x8a"), "\\xe0\\x80\\x8a") << "an overlong line feed";
  EXPECT_EQ(escape_text("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(escape_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
}

TEST(QuoteValue, OnlyWhereItsEndCouldBeMisread) {
  EXPECT_EQ(quote_value("000000010000000000000001"), "000000010000000000000001");
  EXPECT_EQ(quote_value(""), "\"\"");
  EXPECT_EQ(quote_value("two words"), "\"two words\"");
  EXPECT_EQ(quote_value("a=b"), "\"a=b\"");
  EXPECT_EQ(quote_value("say \"hi\""), "\"say \\\"hi\\\"\"");
  EXPECT_EQ(quote_value("back\\slash"), "\"back\\\\slash\"");
  EXPECT_EQ(quote_value("a\nb"), "\"a\\nb\"");
}

TEST(JsonString, IsAlwaysValid) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
  EXPECT_EQ(json_string("\xff"), "\"\\ufffd\"");
  EXPECT_EQ(json_string("é"), "\"é\"");
  EXPECT_EQ(json_string(""), "\"\"");
}

TEST(Payload, AsTextAndAsJson) {
  const std::vector<LogField> fields{{"segment", "00000001"}, {"time", "2 s"}};
  EXPECT_EQ(text_payload("segment stored", fields), "segment stored segment=00000001 time=\"2 s\"");
  EXPECT_EQ(json_payload("segment stored", fields),
            "\"message\":\"segment stored\",\"segment\":\"00000001\",\"time_\":\"2 s\"");
  EXPECT_EQ(text_payload("alone", {}), "alone");
}

}  // namespace
}  // namespace owl::detail
