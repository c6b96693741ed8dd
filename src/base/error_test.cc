#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "base/result.h"

namespace owl {
namespace {

TEST(Error, RendersItsContextFromTheOutside) {
  Error error(ErrorKind::transient, "the connection was cut");
  EXPECT_STREQ(error.what(), "the connection was cut");
  error.add_context("uploading part 3").add_context("storing pack 4f");
  EXPECT_STREQ(error.what(), "storing pack 4f: uploading part 3: the connection was cut");
  EXPECT_EQ(error.message(), "the connection was cut");
  EXPECT_EQ(error.context(), (std::vector<std::string>{"uploading part 3", "storing pack 4f"}));
}

TEST(Error, CarriesItsDetails) {
  const auto error = Error(ErrorKind::throttled, "asked for patience")
                         .with_context("listing")
                         .with_hint("Wait.")
                         .with_http_status(503)
                         .with_sqlstate("57P03")
                         .with_retry_after_ms(1500);
  EXPECT_EQ(error.kind(), ErrorKind::throttled);
  EXPECT_EQ(error.hint(), "Wait.");
  EXPECT_EQ(error.http_status(), 503);
  EXPECT_EQ(error.sqlstate(), "57P03");
  EXPECT_EQ(error.retry_after_ms(), 1500);
  EXPECT_STREQ(error.what(), "listing: asked for patience") << "the hint is told apart";
}

TEST(Error, AppendsWhatErrnoMeans) {
  const auto error = Error(ErrorKind::denied, "cannot open /x").with_errno(EACCES);
  EXPECT_STREQ(error.what(), "cannot open /x: Permission denied");
  EXPECT_EQ(error.errno_value(), EACCES);
  EXPECT_STREQ(Error(ErrorKind::io, "odd").with_errno(99999).what(), "odd: unknown error");
}

TEST(Error, IsCopiedAndCaughtWhole) {
  const auto original = Error(ErrorKind::integrity, "damaged").with_context("reading");
  const Error copy = original;
  EXPECT_STREQ(copy.what(), "reading: damaged");
  try {
    throw copy;
  } catch (const std::exception& caught) {
    EXPECT_STREQ(caught.what(), "reading: damaged");
  }
}

TEST(Error, SurvivesBeingAssignedToItself) {
  auto error = Error(ErrorKind::denied, "the bucket is closed to this key")
                   .with_context("storing pack 4f")
                   .with_sqlstate("28000");
  error = std::move(error).with_hint("Check the key's rights.").with_http_status(403);
  EXPECT_STREQ(error.what(), "storing pack 4f: the bucket is closed to this key");
  EXPECT_EQ(error.message(), "the bucket is closed to this key");
  EXPECT_EQ(error.context(), std::vector<std::string>{"storing pack 4f"});
  EXPECT_EQ(error.hint(), "Check the key's rights.");
  EXPECT_EQ(error.sqlstate(), "28000");
  EXPECT_EQ(error.http_status(), 403);
}

TEST(InContext, AddsAFrameOnlyOnFailure) {
  int frames = 0;
  const auto frame = [&] {
    ++frames;
    return std::string("outer");
  };
  EXPECT_EQ(in_context(frame, [] { return 7; }), 7);
  EXPECT_EQ(frames, 0);
  try {
    in_context(frame, [] { throw Error(ErrorKind::io, "inner"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "outer: inner");
  }
  EXPECT_THROW(in_context(frame, [] { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_EQ(frames, 1) << "foreign exceptions pass untouched";
}

/// The consequences of every kind: what scripts and monitoring rely on.
TEST(ErrorTraits, Table) {
  using enum ErrorKind;
  using enum Severity;
  const std::pair<ErrorKind, ErrorTraits> table[] = {
      {usage, {"usage", 2, false, error}},
      {config, {"config", 2, false, error}},
      {not_found, {"not_found", 1, false, error}},
      {already_exists, {"already_exists", 1, false, error}},
      {conflict, {"conflict", 1, false, critical}},
      {refused, {"refused", 1, false, error}},
      {no_key, {"no_key", 1, false, error}},
      {unreachable, {"unreachable", 4, true, critical}},
      {denied, {"denied", 4, false, critical}},
      {throttled, {"throttled", 4, true, warning}},
      {transient, {"transient", 4, true, error}},
      {timeout, {"timeout", 4, true, error}},
      {integrity, {"integrity", 5, false, critical}},
      {disk_full, {"disk_full", 1, false, critical}},
      {io, {"io", 1, false, error}},
      {process, {"process", 1, false, error}},
      {unsupported, {"unsupported", 2, false, error}},
      {cancelled, {"cancelled", 130, false, warning}},
      {internal, {"internal", 1, false, critical}},
  };
  std::set<std::string_view> names;
  for (const auto& [kind, expected] : table) {
    const auto& traits = describe(kind);
    EXPECT_EQ(traits.name, expected.name);
    EXPECT_EQ(traits.exit_code, expected.exit_code) << expected.name;
    EXPECT_EQ(traits.retryable, expected.retryable) << expected.name;
    EXPECT_EQ(traits.severity, expected.severity) << expected.name;
    EXPECT_EQ(Error(kind, "").exit_code(), expected.exit_code);
    EXPECT_EQ(Error(kind, "").retryable(), expected.retryable);
    names.insert(traits.name);
  }
  EXPECT_EQ(names.size(), std::size(table));
  EXPECT_EQ(static_cast<std::size_t>(internal) + 1, std::size(table)) << "a kind is missing in this table";
}

TEST(KindOfErrno, Table) {
  const std::pair<int, ErrorKind> table[] = {
      {ENOENT, ErrorKind::not_found}, {EEXIST, ErrorKind::already_exists},
      {EACCES, ErrorKind::denied},    {EPERM, ErrorKind::denied},
      {ENOSPC, ErrorKind::disk_full}, {EDQUOT, ErrorKind::disk_full},
      {EIO, ErrorKind::io},           {EROFS, ErrorKind::io},
  };
  for (const auto& [value, kind] : table) EXPECT_EQ(kind_of_errno(value), kind) << value;
}

TEST(Result, StopsAtItsCaller) {
  const auto parse = [](bool good) -> Result<int> {
    if (good) return 5;
    return bad_format("not a number");
  };
  EXPECT_EQ(value_or_throw(parse(true)), 5);
  try {
    value_or_throw(parse(false));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::integrity);
    EXPECT_STREQ(error.what(), "not a number");
  }
  value_or_throw(Result<void>{});
}

}  // namespace
}  // namespace owl
