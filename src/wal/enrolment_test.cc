#include "wal/enrolment.h"

#include <gtest/gtest.h>

#include "os/file.h"
#include "os/test_support.h"
#include "postgres/control_file.h"
#include "postgres/test_samples.h"

namespace owl::wal {
namespace {

namespace fs = std::filesystem;
using os::test::error_of;

class EnrolmentTest : public testing::Test {
 protected:
  fs::path make_data_directory(std::string_view name) {
    const auto path = folder_ / name;
    os::make_folders(path / "global");
    os::replace_file(path / "global/pg_control", control_);
    return path;
  }

  os::test::TemporaryFolder folder_;
  const Bytes control_ = postgres::control_file_sample(15);
  const postgres::SystemId system_id_ = value_or_throw(postgres::parse_control_file(control_)).system_id;
  const fs::path state_ = folder_ / "state", file_ = state_ / "enrolled.json";
  const fs::path data_ = make_data_directory("pg");
};

TEST_F(EnrolmentTest, NobodyIsEnrolledAtFirst) {
  EXPECT_FALSE(Enrolments(state_).covers(data_, system_id_));
  EXPECT_FALSE(os::status_of(file_)) << "looking writes nothing";
}

TEST_F(EnrolmentTest, IsRememberedByTheNextRun) {
  Enrolments(state_).enrol(data_, {1'790'000'000'000'000});
  const Enrolments after(state_);
  EXPECT_TRUE(after.covers(data_, system_id_));
  ASSERT_EQ(after.all().size(), 1u);
  EXPECT_EQ(after.all()[0].data_directory, data_.string());
  EXPECT_EQ(after.all()[0].timeline, 1u);
  EXPECT_EQ(after.all()[0].when.micros, 1'790'000'000'000'000);
  EXPECT_EQ(os::status_of(state_)->mode, 0700u);
}

TEST_F(EnrolmentTest, AnotherClusterInTheSameFolderIsNotCovered) {
  Enrolments enrolments(state_);
  enrolments.enrol(data_, {1});
  EXPECT_FALSE(enrolments.covers(data_, system_id_ + 1));
}

TEST_F(EnrolmentTest, ACopyIsNotCovered) {
  Enrolments enrolments(state_);
  enrolments.enrol(data_, {1});
  fs::copy(data_, folder_ / "copy", fs::copy_options::recursive);
  EXPECT_FALSE(enrolments.covers(folder_ / "copy", system_id_));
  EXPECT_FALSE(enrolments.covers(folder_ / "nowhere", system_id_));
}

TEST_F(EnrolmentTest, AMovedFolderAndALinkToItAreCovered) {
  Enrolments enrolments(state_);
  enrolments.enrol(data_, {1});
  fs::rename(data_, folder_ / "moved");
  fs::create_directory_symlink(folder_ / "moved", data_);
  EXPECT_TRUE(enrolments.covers(folder_ / "moved", system_id_));
  EXPECT_TRUE(enrolments.covers(data_, system_id_));
}

TEST_F(EnrolmentTest, EnrollingAgainReplaces) {
  Enrolments enrolments(state_);
  enrolments.enrol(data_, {1});
  enrolments.enrol(data_, {2});
  EXPECT_EQ(enrolments.all().size(), 1u);
}

TEST_F(EnrolmentTest, OneIsForgottenAndTheOthersStay) {
  const auto other = make_data_directory("other");
  Enrolments enrolments(state_);
  enrolments.enrol(data_, {1});
  enrolments.enrol(other, {1});
  enrolments.forget(data_);
  enrolments.forget(folder_ / "nowhere");
  const Enrolments after(state_);
  EXPECT_FALSE(after.covers(data_, system_id_));
  EXPECT_TRUE(after.covers(other, system_id_));
}

TEST_F(EnrolmentTest, WhatIsNoClusterCannotBeEnrolled) {
  os::make_folders(folder_ / "empty");
  Enrolments enrolments(state_);
  EXPECT_EQ(error_of([&] { enrolments.enrol(folder_ / "empty", {1}); }).kind(), ErrorKind::not_found);
  EXPECT_TRUE(enrolments.all().empty());
}

TEST_F(EnrolmentTest, ADamagedListIsNoEmptyList) {
  for (const auto* text : {"", "{", "{}", R"({"clusters": {}})", R"({"clusters": [{}]})",
                           R"({"clusters": [{"system_id": "7x", "device": "1", "inode": "2", "timeline": 1,
                               "data_directory": "/srv/pg", "when": "2026-11-22T14:30:00Z"}]})",
                           R"({"clusters": [{"system_id": "7", "device": "1", "inode": "2", "timeline": 0,
                               "data_directory": "/srv/pg", "when": "2026-11-22T14:30:00Z"}]})"}) {
    os::make_folders(state_);
    os::replace_file(file_, as_bytes(text));
    const auto error = error_of([&] { Enrolments enrolments(state_); });
    EXPECT_EQ(error.kind(), ErrorKind::integrity) << text;
    EXPECT_STREQ(error.what(), (file_.string() + " is damaged").c_str());
    EXPECT_EQ(error.hint(), "Remove it and enrol the data directory again: `owlbackup doctor --enrol`.");
  }
}

}  // namespace
}  // namespace owl::wal
