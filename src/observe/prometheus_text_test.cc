#include "observe/prometheus_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace owl {
namespace {

TEST(PrometheusText, IsTheExpositionFormat) {
  PrometheusText text;
  text.gauge("owl_disk_used_ratio", "How full it is", 0.75);
  text.counter("owl_files_total", "Files", 16777217);
  text.family("owl_up", PrometheusText::Type::gauge, "Answers");
  text.sample(1, {{"store", "a"}});
  text.sample(0, {{"store", "b"}, {"place", "here"}});
  EXPECT_EQ(
      text.text(),
      "# HELP owl_disk_used_ratio How full it is\n# TYPE owl_disk_used_ratio gauge\nowl_disk_used_ratio 0.75\n"
      "# HELP owl_files_total Files\n# TYPE owl_files_total counter\nowl_files_total 16777217\n"
      "# HELP owl_up Answers\n# TYPE owl_up gauge\nowl_up{store=\"a\"} 1\nowl_up{store=\"b\",place=\"here\"} 0\n");
}

TEST(PrometheusText, EscapesWhatWouldEndALineOrAValue) {
  PrometheusText text;
  text.family("m", PrometheusText::Type::gauge, "back\\slash \"quoted\"\nsecond");
  text.sample(2, {{"l", "a\"b\\c\nd"}});
  EXPECT_EQ(text.text(), "# HELP m back\\\\slash \"quoted\"\\nsecond\n# TYPE m gauge\nm{l=\"a\\\"b\\\\c\\nd\"} 2\n");
}

TEST(PrometheusText, WritesNumbersThatAreNone) {
  PrometheusText text;
  text.family("m", PrometheusText::Type::gauge, "");
  text.sample(std::numeric_limits<double>::infinity());
  text.sample(std::numeric_limits<double>::quiet_NaN());
  EXPECT_NE(text.text().find("m +Inf\nm NaN\n"), std::string::npos);
}

TEST(PrometheusText, AWrongNameIsABug) {
  PrometheusText text;
  EXPECT_DEATH(text.gauge("9lives", "", 1), "a metric's name");
  EXPECT_DEATH(text.counter("lives", "", 1), "a counter's name");
}

}  // namespace
}  // namespace owl
