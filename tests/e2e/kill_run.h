#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "e2e/site.h"
#include "e2e/wal_service.h"
#include "os/process.h"
#include "support/faulty_proxy.h"
#include "support/s3_server.h"

namespace owl::test {

/// A moment of the run, and what every transaction that ended before it had made.
struct RecordedMoment {
  std::string time, rows;
};

struct KillRunOptions {
  std::uint64_t seed = 0;
  std::chrono::milliseconds duration{0};
  int moments = 0;  ///< to be recorded, evenly spread
};

/// What the rows of pgbench's tables add up to, to be asked of the run's server and of a restored one.
extern const std::string sums_of_rows;

/// A site under pgbench whose WAL goes through the resident service into a bucket of Ceph's gateway, `primary`, and a
/// folder, `secondary`; and everything that goes wrong with it: SIGKILL to the service, to PostgreSQL, to both; a
/// bucket that fails, hangs, cuts and lies; a folder out of reach; both away until the spool is full. What happens when
/// is drawn from the seed. Nothing of it is told to whoever is hit.
class KillRun {
 public:
  /// `site` has the two stores, the bucket behind `proxy`, and a spool.
  KillRun(Site& site, S3Server& gateway, FaultyProxy& proxy, KillRunOptions options);
  ~KillRun();

  void run();
  /// All is well again: stores answer, service and server run, pgbench has ended.
  void heal();

  const std::vector<RecordedMoment>& moments() const { return moments_; }
  const std::map<std::string, int>& events() const { return events_; }  ///< how often each happened
  WalService& service() { return service_; }

 private:
  using Event = void (KillRun::*)();
  struct NamedEvent {
    const char* name;
    Event happens;
  };

  void kill_service();
  void kill_server();
  void kill_both();
  void trouble_bucket();
  void hang_bucket();
  void lose_folder();
  void fill_spool();
  void clear_weather();
  void back_up();

  NamedEvent draw_event();
  void keep_running();
  void record_moment();
  void switch_segment();
  void pause(int least_ms, int most_ms);
  int pick(int least, int most) { return std::uniform_int_distribution(least, most)(random_); }

  Site& site_;
  S3Server& gateway_;
  FaultyProxy& proxy_;
  const KillRunOptions options_;
  std::mt19937_64 random_;
  WalService service_;
  std::optional<os::ChildProcess> load_;
  std::vector<NamedEvent> deck_;
  bool hanging_ = false;
  std::vector<RecordedMoment> moments_;
  std::map<std::string, int> events_;
};

}  // namespace owl::test
