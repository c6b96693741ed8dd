#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "e2e/archive_witness.h"
#include "e2e/files.h"
#include "e2e/kill_run.h"
#include "os/system.h"
#include "postgres/connection.h"
#include "repository/object_keys.h"
#include "storage/open.h"
#include "support/environment.h"

// Whatever is killed and whatever fails, what PostgreSQL was told is archived is in every store, byte for byte, and
// leads back to every moment. OWL_KILL_RUN_SEED repeats a run as far as the machine's timing allows, and
// OWL_KILL_RUN_SECONDS makes it longer; `./dev test --long` takes ten minutes.

namespace owl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::stoull(text) : otherwise;
}

std::string bucket_lines(const S3Server& gateway, const std::string& bucket, const std::string& endpoint) {
  return "url = \"s3://" + bucket + "/kill\"\nendpoint = \"" + endpoint + "\"\nregion = \"" + gateway.region() +
         "\"\naccess_key_id = \"" + gateway.access_key() + "\"\nsecret_access_key = \"" + gateway.secret_key() +
         "\"\nretries = 1\nrequest_timeout = \"2s\"";
}

class WalKillRunTest : public testing::Test {
 protected:
  WalKillRunTest() : bucket(gateway.make_bucket()), proxy(gateway.endpoint()) {
    give_to_server_user(spool.path());
    site.emplace(SiteOptions{.stores = {"primary", "secondary"},
                             .store_lines = {{"primary", bucket_lines(gateway, bucket, proxy.url())}},
                             .wal_settings = {"spool = \"" + spool.path().string() + "\"", "spool_size = \"16MiB\""}});
  }

  /// Names of the WAL files that a store has.
  std::set<std::string> files_in(const std::string& name) {
    storage::StoreOptions options{.name = name, .url = "file://" + site->store(name).string()};
    if (name == "primary") {
      options = {.name = name,
                 .url = "s3://" + bucket + "/kill",
                 .endpoint = gateway.endpoint(),
                 .region = gateway.region(),
                 .access_key_id = Secret(gateway.access_key()),
                 .secret_access_key = Secret(gateway.secret_key())};
    }
    os::SystemClock clock;
    os::SystemRandom random;
    std::set<std::string> names;
    const auto opened = storage::open_store(options, clock, random);
    for (const auto& object : storage::list_all(*opened.store, "wal/")) {
      if (const auto parsed = repository::keys::parse_wal_object(object.key)) names.insert(parsed->file_name);
    }
    return names;
  }

  std::vector<std::string> missing_in(const std::string& store, const std::set<std::string>& wanted) {
    const auto there = files_in(store);
    std::vector<std::string> missing;
    std::ranges::set_difference(wanted, there, std::back_inserter(missing));
    return missing;
  }

  /// Lets the stores come level by themselves. Returns what one of them still lacks in the end.
  std::vector<std::string> wait_until_level(const std::set<std::string>& wanted) {
    std::vector<std::string> missing;
    for (int i = 0; i < 240; ++i) {
      missing = missing_in("primary", wanted);
      std::ranges::move(missing_in("secondary", wanted), std::back_inserter(missing));
      if (missing.empty()) break;
      std::this_thread::sleep_for(500ms);
    }
    return missing;
  }

  /// The restore_command that a recovery from this store alone would have, with the keys in a ticket.
  std::string restore_command(const std::string& store) {
    const auto to = site->target("from-" + store);
    site->owl_ok({"--store", store, "restore", "cluster", "--to", to, "--immediate", "--recovery-ticket"});
    const auto settings = read_text(to / "postgresql.auto.conf");
    const std::string before = "restore_command = '";
    const auto begin = settings.rfind(before) + before.size();
    return settings.substr(begin, settings.find('\'', begin) - begin);
  }

  /// Names of files that a store doesn't give back as they were when they were to be archived.
  std::vector<std::string> different_in(const std::string& store, const std::set<std::string>& names,
                                        const ArchiveWitness& witness) {
    const auto folder = site->make("fetched-" + store);
    std::string script = "cd " + folder.string() + "\nfor f in $NAMES; do\n" + restore_command(store) +
                         " </dev/null\ncmp \"$f\" \"$COPIES/$f\" >&2 || echo \"$f\"\nrm -f \"$f\"\ndone\n";
    for (const auto* place : {"%f", "%p"}) script.replace(script.find(place), 2, "\"$f\"");
    std::string list;
    for (const auto& name : names) list += name + " ";
    const auto copies = witness.copy_of("").string();
    const auto result = run({"sh"}, {.env = {{"NAMES", list}, {"COPIES", copies}},
                                     .cwd = "/",
                                     .input = script,
                                     .user = server_user(),
                                     .deadline = 20min});
    EXPECT_EQ(result.exit_code, 0) << result;
    std::vector<std::string> different;
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) different.push_back(line);
    if (!different.empty()) ADD_FAILURE() << store << ": " << result.err;
    return different;
  }

  std::string rows_at(const RecordedMoment& moment, const std::string& store) {
    const auto to = site->target("restored-" + std::to_string(++restored));
    const auto result =
        site->owl({"--store", store, "restore", "cluster", "--to", to, "--target-time", moment.time, "--start"});
    if (result.exit_code != 0) return result.err;
    postgres::Connection connection(Site::connection_in(result.out));
    auto rows = connection.query_text(sums_of_rows);
    connection.close();
    site->stop_restored(to, "immediate");
    site->owl({"restore", "finish", "--to", to});
    fs::remove_all(to);
    return rows;
  }

  S3Server& gateway = S3Server::shared(S3Kind::ceph);
  std::string bucket;
  FaultyProxy proxy;
  TempDir spool;
  std::optional<Site> site;
  int restored = 0;
};

TEST_F(WalKillRunTest, LosesNothingThatWasAcknowledged) {
  KillRunOptions options;
  options.seed = number_from_environment("OWL_KILL_RUN_SEED", std::random_device{}());
  options.duration = std::chrono::seconds(number_from_environment("OWL_KILL_RUN_SECONDS", long_run() ? 600 : 20));
  options.moments = options.duration >= 5min ? 20 : 5;
  std::cout << "OWL_KILL_RUN_SEED=" << options.seed << " OWL_KILL_RUN_SECONDS=" << options.duration.count() / 1000
            << std::endl;

  const ArchiveWitness witness(*site);
  KillRun run(*site, gateway, proxy, options);
  site->owl_ok({"backup", "cluster"});
  run.run();
  run.heal();
  site->psql("CREATE TABLE the_end ()");
  site->archive();
  for (const auto& [event, times] : run.events()) std::cout << event << ": " << times << '\n';

  const auto acknowledged = witness.acknowledged();
  std::cout << acknowledged.size() << " files acknowledged" << std::endl;
  EXPECT_GT(acknowledged.size(), 10u);
  EXPECT_THAT(witness.changed(), IsEmpty());
  ASSERT_THAT(wait_until_level(acknowledged), IsEmpty()) << run.service().log();
  for (const auto* store : {"primary", "secondary"}) {
    EXPECT_THAT(different_in(store, acknowledged, witness), IsEmpty()) << store;
  }
  site->owl_ok({"verify", "--data"});
  site->owl_ok({"wal", "status"});
  bool from_bucket = false;
  for (const auto& moment : run.moments()) {
    from_bucket = !from_bucket;
    EXPECT_EQ(rows_at(moment, from_bucket ? "primary" : "secondary"), moment.rows) << moment.time;
  }
}

}  // namespace
}  // namespace owl::test
