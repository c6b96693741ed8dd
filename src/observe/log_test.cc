#include "observe/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <thread>
#include <vector>

namespace owl {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;

/// The log in a file of its own; afterwards it is as before.
class LogTest : public testing::Test {
 protected:
  ~LogTest() override {
    configure_log(LogLevel::info, LogFormat::text);
    std::filesystem::remove(file_);
  }
  void configure(LogLevel level, LogFormat format) { configure_log(level, format, file_); }
  std::vector<std::string> lines() const {
    std::ifstream in(file_);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  const std::string& file() const { return file_; }

 private:
  std::string file_ = (std::filesystem::temp_directory_path() / ("owl-log-" + std::to_string(::getpid()))).native();
};

TEST_F(LogTest, TextLines) {
  configure(LogLevel::info, LogFormat::text);
  log_warning("segment is late", {{"segment", "000000010000000000000001"}, {"reason", "no space left"}});
  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0], MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z warning segment is late "
                                       "segment=000000010000000000000001 reason=\"no space left\""));
}

TEST_F(LogTest, JsonLines) {
  configure(LogLevel::info, LogFormat::json);
  log_error("it broke", {{"key", "a\"b"}});
  ASSERT_THAT(lines(), SizeIs(1));
  EXPECT_THAT(lines()[0],
              MatchesRegex(R"([{]"time":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z",)"
                           R"("level":"error","message":"it broke","key":"a\\"b"[}])"));
}

TEST_F(LogTest, TheTimeIsUtc) {
  ASSERT_EQ(::setenv("TZ", "Asia/Tokyo", 1), 0);
  ::tzset();
  configure(LogLevel::info, LogFormat::text);
  log_info("now");
  const auto now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::ostringstream hour;
  hour << std::put_time(&utc, "%Y-%m-%dT%H");
  ::unsetenv("TZ");
  ::tzset();
  EXPECT_EQ(lines().at(0).substr(0, hour.str().size()), hour.str()) << "or the hour has just changed";
}

TEST_F(LogTest, LevelsBelowTheChosenOneAreDropped) {
  configure(LogLevel::warning, LogFormat::text);
  log_debug("1");
  log_info("2");
  log_warning("3");
  log_error("4");
  EXPECT_THAT(lines(), SizeIs(2));
  configure(LogLevel::debug, LogFormat::text);
  log_debug("5");
  EXPECT_THAT(lines(), SizeIs(3)) << "and the file goes on";
  EXPECT_THAT(lines().back(), HasSubstr("Z debug 5"));
}

TEST_F(LogTest, AlsoGoesToStderr) {
  configure(LogLevel::info, LogFormat::text);
  testing::internal::CaptureStderr();
  log_info("hello");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::EndsWith(" info hello\n"));
}

TEST_F(LogTest, RedactsMessageAndFields) {
  redact_in_log(Secret("s3cr/t"));
  redact_in_log(Secret(""));
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    configure(LogLevel::info, format);
    log_info("password s3cr/t", {{"url", "https://u:s3cr%2Ft@host/"}});
    EXPECT_THAT(lines().back(), testing::Not(HasSubstr("s3cr")));
    EXPECT_THAT(lines().back(), HasSubstr("password ***"));
    EXPECT_THAT(lines().back(), HasSubstr("https://u:***@host/"));
  }
}

TEST_F(LogTest, RedactsBeforeItEscapes) {
  redact_in_log(Secret("two\nlines \"quoted\""));
  configure(LogLevel::info, LogFormat::json);
  log_info("x", {{"value", "<two\nlines \"quoted\">"}});
  EXPECT_THAT(lines().back(), HasSubstr("\"value\":\"<***>\""));
}

TEST_F(LogTest, ALineCannotBeForged) {
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    configure(LogLevel::info, format);
    const auto before = lines().size();
    log_info("a\n2026-11-22T14:30:00Z error forged", {{"key", "b\r\n{\"level\":\"error\"}"}});
    EXPECT_EQ(lines().size(), before + 1);
  }
}

TEST_F(LogTest, AnErrorWithItsFields) {
  configure(LogLevel::info, LogFormat::text);
  log_error(Error(ErrorKind::throttled, "the store asks for patience")
                .with_http_status(503)
                .with_context("storing pack 4f")
                .with_hint("Wait."));
  EXPECT_THAT(lines().at(0), testing::EndsWith("error storing pack 4f: the store asks for patience kind=throttled "
                                               "http_status=503 hint=Wait."));
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsAnErrorAndKeepsTheOldLog) {
  configure(LogLevel::info, LogFormat::text);
  try {
    configure_log(LogLevel::error, LogFormat::json, "/dev/null/log");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.what(), HasSubstr("cannot write the log file /dev/null/log: "));
  }
  log_info("still here");
  EXPECT_THAT(lines().back(), HasSubstr("info still here"));
}

TEST_F(LogTest, ManyThreadsWriteWholeLines) {
  configure(LogLevel::info, LogFormat::text);
  testing::internal::CaptureStderr();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < 100; ++n) log_info("message", {{"value", std::string(200, 'v')}});
        redact_in_log(Secret("another"));
      });
    }
  }
  testing::internal::GetCapturedStderr();
  const auto all = lines();
  ASSERT_THAT(all, SizeIs(800));
  for (const auto& line : all) EXPECT_EQ(line.size(), all[0].size());
}

}  // namespace
}  // namespace owl
