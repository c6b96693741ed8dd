#include <fstream>
#include <functional>
#include <random>

#include "crash/faults.h"

namespace owl::test {
namespace {

namespace fs = std::filesystem;

enum class Harm { flipped, cut, removed };

/// Damages one stored object for as long as it lives.
class Harmed {
 public:
  using Change = std::function<void(std::string&)>;

  Harmed(const fs::path& object, const Change& change) : object_(object), original_(read_text(object)) {
    auto text = original_;
    change(text);
    write(text);
  }
  Harmed(const fs::path& object, Harm harm) : object_(object), original_(read_text(object)) {
    auto text = original_;
    // This bit is the case of a letter and tells a blank from none: what parses equal must not pass for equal.
    if (harm == Harm::flipped) text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 0x20);
    if (harm == Harm::cut) text.resize(text.size() / 2);
    if (harm == Harm::removed)
      fs::remove(object);
    else
      write(text);
  }
  ~Harmed() { write(original_); }
  Harmed(const Harmed&) = delete;

 private:
  /// In place: the folder belongs to the server's account, and so does the file.
  void write(const std::string& text) { std::ofstream(object_, std::ios::binary | std::ios::trunc) << text; }

  fs::path object_;
  std::string original_;
};

/// One backup and its WAL, made once for all tests.
class Objects : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    site = std::make_unique<Site>();
    site->owl_ok({"init"});
    site->psql("CREATE TABLE t AS SELECT md5(i::text) v FROM generate_series(1, 50000) i");
    site->owl_ok({"backup", "cluster"});
    site->archive();
    acknowledge_a_gap();
  }
  static void TearDownTestSuite() { site.reset(); }

  /// Behind the backup, so that nothing but the record of it depends on it.
  static void acknowledge_a_gap() {
    const auto segment = site->psql(
        "CREATE TABLE behind AS SELECT 1;"
        "SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
    site->archive();
    site->psql("CREATE TABLE further_behind AS SELECT 1");
    site->archive();
    site->lose_wal(segment);
    site->owl_ok({"wal", "acknowledge-gap", segment, "--reason", "deleted by the test"});
  }

  static fs::path one(const std::string& part) {
    auto found = files_with(site->store(), part);
    std::erase_if(found, [](const fs::path& path) { return path.extension() == ".backup"; });
    EXPECT_FALSE(found.empty()) << part;
    return found.at(0);
  }
  static std::string key_of(const fs::path& object) { return fs::relative(object, site->store()).string(); }

  /// Every reading command: it may work, or it says which object is damaged; it never crashes.
  static void read_everything(const std::string& key, const std::string& what) {
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"list"},
             {"show", "latest"},
             {"ls", "latest"},
             {"cat", "latest", "PG_VERSION"},
             {"status"},
             {"wal", "status"},
             {"restore", "cluster", "--to", (site->folder() / "unused").string(), "--immediate", "--dry-run"}}) {
      const auto run = site->owl(command);
      EXPECT_LT(run.exit_code, 128) << what << " " << command[0] << run.err;
      const auto folder = fs::path(key).parent_path().string() + "/";
      const auto file = fs::path(key).filename().string();  // wal status tells of gaps on standard output
      const bool names = run.out.find(file) != std::string::npos || run.err.find(key) != std::string::npos ||
                         run.err.find(folder) != std::string::npos ||
                         run.err.find(fs::path(key).filename().string()) != std::string::npos;
      const bool gone = run.err.find("there is no backup") != std::string::npos ||
                        run.err.find("owlbackup init") != std::string::npos;
      if (run.exit_code != 0 && run.exit_code != 3) {
        EXPECT_TRUE(names || gone) << what << " " << command[0] << ": " << run.err;
      }
    }
  }

  static void expect_verify_finds(const std::string& key, const std::string& what) {
    const auto verify = site->owl({"verify"});
    EXPECT_EQ(verify.exit_code, 5) << what << verify.out << verify.err;
    const auto mac = key.find(".mac");  // a wrap and its MAC are named by the wrap where they don't fit together
    EXPECT_NE(verify.out.find("DAMAGED " + key.substr(0, mac)), std::string::npos) << what << verify.out << verify.err;
  }

  static std::unique_ptr<Site> site;
};
std::unique_ptr<Site> Objects::site;

struct Kind {
  const char* part;
  /// A sweep takes away leases and merged indexes as a matter of course: that one is missing says nothing.
  bool may_go = false;

  friend std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.part; }
};

class EachObject : public Objects, public testing::WithParamInterface<std::tuple<Kind, Harm>> {};

TEST_P(EachObject, IsNamedAndNeverServed) {
  const auto& [kind, harm] = GetParam();
  const auto object = one(kind.part);
  const auto key = key_of(object);
  const auto what = key + (harm == Harm::flipped ? " flipped" : harm == Harm::cut ? " cut" : " removed");
  const Harmed harmed(object, harm);
  read_everything(key, what);
  if (harm != Harm::removed || !kind.may_go) expect_verify_finds(key, what);
  const auto to = site->target("restored");
  const auto restore = site->owl({"restore", "cluster", "--to", to.string(), "--immediate", "--recovery-ticket"});
  EXPECT_LT(restore.exit_code, 128) << what << restore.err;
  if (restore.exit_code == 0 || restore.exit_code == 3) {
    const auto judged = site->as_server({site->postgres_program("pg_verifybackup").string(), to.string()});
    EXPECT_EQ(judged.exit_code, 0) << what << judged.out << judged.err;
  } else {
    EXPECT_FALSE(fs::exists(to / "global/pg_control")) << what;
  }
  fs::remove_all(to);
}

constexpr auto kinds = std::array{Kind{"packs/d/"},
                                  Kind{"packs/m/"},
                                  Kind{"backups/"},
                                  Kind{"000000010000000000000002"},
                                  Kind{"owl.json"},
                                  Kind{"RESTORE.md"},
                                  Kind{"keys/0001/public"},
                                  Kind{"keys/0001/000001.pgp"},
                                  Kind{"keys/0001/000001.pgp.mac"},
                                  Kind{"wal-gaps/", true},  // what it tells of is missing all the same: `wal status`
                                  Kind{"index/", true},
                                  Kind{"leases/", true}};

INSTANTIATE_TEST_SUITE_P(Kinds, EachObject,
                         testing::Combine(testing::ValuesIn(kinds),
                                          testing::Values(Harm::flipped, Harm::cut, Harm::removed)));

/// Keys that can't be had because of damage are no reason to leave the rest unread.
TEST_F(Objects, DamageToTheKeysIsFoundByVerifyingData) {
  for (const auto* part : {"owl.json", "keys/0001/000001.pgp"}) {
    const auto object = one(part);
    const auto key = key_of(object);
    const Harmed harmed(object, Harm::flipped);
    const auto verify = site->owl({"verify", "--data"});
    EXPECT_EQ(verify.exit_code, 5) << key << verify;
    EXPECT_NE(verify.out.find("DAMAGED " + key.substr(0, key.find(".mac"))), std::string::npos) << verify;
    EXPECT_NE(verify.out.find("1 backups"), std::string::npos) << verify;
  }
}

class EachByte : public Objects, public testing::WithParamInterface<Kind> {};

/// The ends of an object, and a few bytes and bits anywhere in it.
TEST_P(EachByte, IsHeldAgainstWhatItMustBe) {
  const auto object = one(GetParam().part);
  const auto key = key_of(object);
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  const auto size = read_text(object).size();
  std::vector<std::size_t> places{0, size - 1};
  for (int i = 0; i < 4; ++i) places.push_back(random() % size);
  for (const auto place : places) {
    const char bit = static_cast<char>(1U << random() % 8);
    const Harmed harmed(object, [&](std::string& text) { text[place] = static_cast<char>(text[place] ^ bit); });
    expect_verify_finds(key, key + ", byte " + std::to_string(place) + " XOR " + std::to_string(bit) + ", seed " +
                                 std::to_string(seed));
  }
  const std::vector<std::pair<std::string, Harmed::Change>> changes{
      {"a byte less", [](std::string& text) { text.pop_back(); }},
      {"a byte more", [](std::string& text) { text.push_back('\n'); }},
      {"empty", [](std::string& text) { text.clear(); }}};
  for (const auto& [what, change] : changes) {
    const Harmed harmed(object, change);
    expect_verify_finds(key, key + ", " + what);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EachByte, testing::ValuesIn(kinds));

TEST_F(Objects, AreVerifiedInShardsOrForOneBackup) {
  const auto count = [](const std::vector<std::string>& more) {
    std::vector<std::string> command{"--json", "verify"};
    command.insert(command.end(), more.begin(), more.end());
    const auto run = site->owl(command);
    EXPECT_EQ(run.exit_code, 0) << run;
    const auto json = json_of(run);
    return json["packs"].unsigned_or(0) + json["wal_objects"].unsigned_or(0);
  };
  const auto all = count({});
  EXPECT_EQ(count({"--shard", "1/2"}) + count({"--shard", "2/2"}), all);
  EXPECT_LT(count({"latest"}), all) << "of the WAL only what the backup needs";
  for (const char* shard : {"0/2", "3/2", "1", "1/2/3", "a/b", "1/"}) {
    const auto run = site->owl({"verify", "--shard", shard});
    EXPECT_EQ(run.exit_code, 2) << run;
    EXPECT_EQ(run.err, "owlbackup: --shard " + std::string(shard) + ": write I/N, with I from 1 to N\n");
  }
}

TEST_F(Objects, AreWholeAgainAfterwards) {
  site->owl_ok({"verify", "--data"});
}

}  // namespace
}  // namespace owl::test
