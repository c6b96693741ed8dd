#include <gmock/gmock.h>
#include <sys/mount.h>

#include <chrono>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "e2e/files.h"
#include "e2e/site.h"
#include "e2e/wal_service.h"
#include "os/file.h"
#include "os/system.h"
#include "support/environment.h"
#include "support/eventually.h"

// The metrics that the WAL service leaves for node_exporter, and the guard of pg_wal's disk.

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// Prometheus' text format, by its page "Exposition formats" and what `promtool check metrics` minds: each family once,
/// with help and type before its samples, samples of one family together, values that are numbers.
class Exposition {
 public:
  explicit Exposition(const std::string& text) {
    EXPECT_TRUE(text.ends_with('\n')) << "the last line must end";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read(line);
  }
  std::map<std::string, double> samples;  ///< with their labels, as they stand there

 private:
  void read(const std::string& line) {
    static const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)"),
        type("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)"),
        sample(R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)*\})? (\S+))");
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      EXPECT_TRUE(families_.insert(match[1]).second) << "twice: " << line;
      current_ = match[1];
      typed_ = false;
    } else if (std::regex_match(line, match, type)) {
      EXPECT_EQ(match[1], current_) << line;
      EXPECT_EQ(match[2] == "counter", current_.ends_with("_total")) << line;
      typed_ = true;
    } else if (std::regex_match(line, match, sample)) {
      EXPECT_EQ(match[1], current_) << line;
      EXPECT_TRUE(typed_) << line;
      std::size_t read = 0;
      const std::string value = match[5];
      const double number = std::stod(value, &read);
      EXPECT_EQ(read, value.size()) << line;
      EXPECT_TRUE(samples.emplace(line.substr(0, line.rfind(' ')), number).second) << "twice: " << line;
    } else {
      ADD_FAILURE() << "no line of the format: " << line;
    }
  }

  std::set<std::string> families_;
  std::string current_;
  bool typed_ = false;
};

class Metrics : public testing::Test {
 protected:
  Metrics() { give_to_server_user(folder_.path()); }
  fs::path textfile() const { return folder_ / "owl.prom"; }
  double value(const std::string& sample) {
    const Exposition read(read_text(textfile()));
    const auto found = read.samples.find(sample);
    return found == read.samples.end() ? -1 : found->second;
  }
  static std::string wal(const std::string& name) { return "owlbackup_wal_" + name + "{name=\"e2e\"}"; }

  TempDir folder_;
  Site site{
      {.stores = {"primary", "secondary"},
       .acknowledge = "any",
       .wal_settings = {"check = \"1s\"", "[metrics]", "textfile = \"" + (folder_ / "owl.prom").string() + "\""}}};
};

TEST_F(Metrics, AreWrittenWholeAndAreTrue) {
  WalService service(site);
  service.start();
  site.archive();
  site.archive();
  ASSERT_TRUE(eventually([&] { return fs::exists(textfile()) && value(wal("archived_files_total")) >= 2; }));
  EXPECT_EQ(os::status_of(textfile())->mode, 0644u);
  EXPECT_EQ(value(wal("ready_files")), 0);
  EXPECT_EQ(value(wal("lag_seconds")), 0);
  EXPECT_EQ(value(wal("gaps")), 0);
  EXPECT_EQ(value(wal("failures_total")), 0);
  EXPECT_GT(value(wal("disk_free_bytes")), 0);
  EXPECT_EQ(value("owlbackup_wal_store_up{name=\"e2e\",store=\"primary\"}"), 1);
  ASSERT_TRUE(eventually([&] { return value(wal("last_check_timestamp_seconds")) > 1.7e9; }));

  fs::permissions(site.store("secondary"), fs::perms::none);
  const auto missed = "owlbackup_wal_store_missed_files{name=\"e2e\",store=\"secondary\"}";
  for (int i = 0; i < 4; ++i) site.archive();
  EXPECT_TRUE(eventually([&] { return value(missed) >= 4; }));
  EXPECT_TRUE(eventually([&] { return value("owlbackup_wal_store_up{name=\"e2e\",store=\"secondary\"}") == 0; }));
  fs::permissions(site.store("secondary"), fs::perms::owner_all);
  EXPECT_TRUE(eventually([&] { return value(missed) == 0; }, 60s)) << service.log();

  // Somebody who reads all the time never meets half a file.
  for (int i = 0; i < 200; ++i) {
    EXPECT_GE(Exposition(read_text(textfile())).samples.size(), 20u);
    std::this_thread::sleep_for(10ms);
  }
  for (const auto& entry : fs::directory_iterator(folder_.path())) EXPECT_EQ(entry.path(), textfile());
}

TEST_F(Metrics, TellOfSegmentsThatArePostgresqlsTurn) {
  WalService service(site);
  service.start();
  fs::permissions(site.store("primary"), fs::perms::none);
  fs::permissions(site.store("secondary"), fs::perms::none);
  site.psql("SELECT pg_logical_emit_message(false, 'e2e', 'x'); SELECT pg_switch_wal();");
  EXPECT_TRUE(eventually([&] { return value(wal("ready_files")) >= 1 && value(wal("failures_total")) >= 1; }))
      << service.log();
  EXPECT_GE(value(wal("lag_bytes")), 16 << 20);
  EXPECT_TRUE(eventually([&] { return value(wal("lag_seconds")) > 1; }));
  for (const auto* store : {"primary", "secondary"}) fs::permissions(site.store(store), fs::perms::owner_all);
  EXPECT_TRUE(eventually([&] { return value(wal("ready_files")) == 0; }, 120s)) << service.log();
}

/// A file system of its own, for root.
class SmallDisk {
 public:
  explicit SmallDisk(fs::path at) : at_(std::move(at)) {
    fs::create_directory(at_);
    mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=128m,mode=0755") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  void fill(std::size_t mebibytes) const { std::ofstream(at_ / "ballast") << std::string(mebibytes << 20, 'x'); }

 private:
  fs::path at_;
  bool mounted_ = false;
};

TEST_F(Metrics, AndTheGuardTellBeforePgWalsDiskIsFull) {
  const TempDir place("/tmp");
  SmallDisk disk(place / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a file system needs root, and a container that allows it";
  fs::permissions(place.path(), fs::perms(0755));
  site.server().stop();
  const auto pg_wal = site.server().data_dir() / "pg_wal", moved = place / "disk" / "pg_wal";
  fs::copy(pg_wal, moved, fs::copy_options::recursive);
  run_ok({"chown", "-R", "--reference=" + pg_wal.string(), moved.string()});
  run_ok({"chmod", "-R", "--reference=" + pg_wal.string(), moved.string()});
  fs::remove_all(pg_wal);
  fs::create_directory_symlink(moved, pg_wal);
  site.server().start();
  WalService service(site);
  service.start();
  ASSERT_TRUE(eventually([&] { return fs::exists(textfile()) && value(wal("disk_used_ratio")) > 0; }));
  EXPECT_LT(value(wal("disk_used_ratio")), 0.5);
  disk.fill(72);
  EXPECT_TRUE(eventually([&] { return value(wal("disk_threshold_ratio")) >= 0.5; })) << service.log();
  EXPECT_THAT(service.log(), HasSubstr("pg_wal's disk is "));
  EXPECT_GT(value(wal("disk_used_ratio")), 0.5);
  const auto status = site.owl({"wal", "status"});
  EXPECT_THAT(status.out, HasSubstr("pg_wal  its disk is "));
}

}  // namespace
}  // namespace owl::test
