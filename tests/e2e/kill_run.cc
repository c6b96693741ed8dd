#include "e2e/kill_run.h"

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "support/environment.h"

namespace owl::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const std::string sums_of_rows =
    "SELECT concat_ws(' ', (SELECT count(*) FROM pgbench_history), (SELECT sum(delta) FROM pgbench_history), "
    "(SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers), "
    "(SELECT sum(bbalance) FROM pgbench_branches))";

namespace {

/// A session that prints time and sums. Whoever holds these locks, taken in pgbench's own order, has waited for each
/// transaction that wrote, and lets no other end: the times of those before are earlier, of those after later.
const std::string moment_script =
    "BEGIN; LOCK TABLE pgbench_accounts, pgbench_tellers, pgbench_branches, pgbench_history IN EXCLUSIVE MODE;"
    "SELECT pg_sleep(0.01);"
    "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00';" +
    sums_of_rows + "; SELECT pg_sleep(0.01); COMMIT;";

/// Nearly a segment of what can be compressed to a half only.
constexpr auto noise =
    "SELECT pg_logical_emit_message(false, 'noise', string_agg(sha512(i::text::bytea || "
    "clock_timestamp()::text::bytea)::text, '')) FROM generate_series(1, 110000) i; SELECT pg_switch_wal();";

const std::vector<std::vector<FaultRule>>& bucket_troubles() {
  static const std::vector<std::vector<FaultRule>> all{
      {{.fault = Fault::answer, .status = 503}},
      {{.fault = Fault::answer, .every = 3, .status = 500}},
      {{.method = "PUT", .fault = Fault::cut_after, .every = 2}},
      {{.method = "PUT", .fault = Fault::cut_request, .every = 2}},
      {{.fault = Fault::cut_before, .every = 3}},
      {{.method = "GET", .fault = Fault::flip, .every = 2}},
      {{.method = "GET", .fault = Fault::cut_answer, .every = 2}},
      {{.method = "PUT", .fault = Fault::late, .every = 2, .delay = 700ms}}};
  return all;
}

}  // namespace

KillRun::KillRun(Site& site, S3Server& gateway, FaultyProxy& proxy, KillRunOptions options)
    : site_(site), gateway_(gateway), proxy_(proxy), options_(options), random_(options.seed), service_(site) {
  site_.as_server({site_.postgres_program("pgbench"), "-i", "-q", "-s", "1", site_.server().connection()});
  service_.start();
}

KillRun::~KillRun() {
  load_.reset();
  clear_weather();
}

void KillRun::run() {
  const auto begin = std::chrono::steady_clock::now();
  bool backed_up = false;
  for (auto passed = 0ms; passed < options_.duration;) {
    keep_running();
    const auto event = draw_event();
    ++events_[event.name];
    (this->*event.happens)();
    pause(50, 900);
    keep_running();
    switch_segment();
    passed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    const auto due = std::min<std::int64_t>(options_.moments, options_.moments * passed / options_.duration);
    if (std::ssize(moments_) < due) record_moment();
    if (!backed_up && 2 * passed > options_.duration) back_up();
    backed_up = 2 * passed > options_.duration;
  }
  while (std::ssize(moments_) < options_.moments) record_moment();
}

/// All of them come up before any comes again; fair weather comes between.
KillRun::NamedEvent KillRun::draw_event() {
  if (deck_.empty()) {
    deck_ = {{"kill service", &KillRun::kill_service},  {"kill server", &KillRun::kill_server},
             {"kill both", &KillRun::kill_both},        {"bucket in trouble", &KillRun::trouble_bucket},
             {"kill service", &KillRun::kill_service},  {"bucket in trouble", &KillRun::trouble_bucket},
             {"bucket hangs", &KillRun::hang_bucket},   {"folder away", &KillRun::lose_folder},
             {"spool filled", &KillRun::fill_spool},    {"fair weather", &KillRun::clear_weather},
             {"fair weather", &KillRun::clear_weather}, {"fair weather", &KillRun::clear_weather},
             {"fair weather", &KillRun::clear_weather}};
    std::ranges::shuffle(deck_, random_);
  }
  const auto event = deck_.back();
  deck_.pop_back();
  return event;
}

/// What init and a shell loop would do: start again what has ended.
void KillRun::keep_running() {
  if (!site_.server().running()) site_.server().start();
  if (!service_.running()) {
    site_.write_config({.name = "owlbackup",
                        .connection = site_.server().connection(),
                        .acknowledge = pick(0, 1) == 0 ? "any" : "all"});
    service_.launch();
  }
  if (load_ && !load_->poll()) return;
  load_.emplace(os::ProcessOptions{.argv = {site_.postgres_program("pgbench"), "-n", "-c", "3", "-T", "3600",
                                            "--rate=120", site_.server().connection()},
                                   .extra_env = {},
                                   .working_folder = "/"},
                false, true, true);
}

void KillRun::kill_service() {
  if (service_.running()) service_.kill9();
  pause(0, 1200);  // owl-wal does without meanwhile
}

void KillRun::kill_server() {
  site_.server().kill9();
  pause(0, 500);
}

void KillRun::kill_both() {
  if (pick(0, 1) == 0) {
    site_.server().kill9();
    pause(0, 100);
    if (service_.running()) service_.kill9();
  } else {
    kill_service();
    site_.server().kill9();
  }
}

void KillRun::trouble_bucket() {
  const auto& all = bucket_troubles();
  proxy_.set(all[static_cast<std::size_t>(pick(0, static_cast<int>(all.size()) - 1))]);
}

void KillRun::hang_bucket() {
  gateway_.pause();
  hanging_ = true;
}

void KillRun::lose_folder() {
  fs::permissions(site_.store("secondary"), fs::perms::none);
}

void KillRun::fill_spool() {
  proxy_.set({{.fault = Fault::answer, .status = 503}});
  lose_folder();
  for (int i = 0; i < 4; ++i) site_.psql(noise);
  pause(1000, 4000);
}

void KillRun::clear_weather() {
  proxy_.clear();
  if (hanging_) gateway_.resume();
  hanging_ = false;
  fs::permissions(site_.store("secondary"), fs::perms::owner_all);
}

/// In the midst of it, so that half of the moments are reached from a backup that was made under load.
void KillRun::back_up() {
  clear_weather();
  site_.owl_ok({"backup", "cluster"});
}

void KillRun::record_moment() {
  keep_running();
  const auto said = site_.psql(moment_script);
  const auto first = said.find_first_not_of('\n'), end = said.find('\n', first);
  const auto second = said.find_first_not_of('\n', end);
  moments_.push_back({said.substr(first, end - first), said.substr(second, said.find('\n', second) - second)});
}

void KillRun::switch_segment() {
  site_.psql("SELECT pg_switch_wal()");
}

void KillRun::pause(int least_ms, int most_ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(pick(least_ms, most_ms)));
}

void KillRun::heal() {
  clear_weather();
  keep_running();
  load_.reset();
  for (int i = 0; i < 1200 && !service_.status(); ++i) {
    if (!service_.running()) service_.launch();
    std::this_thread::sleep_for(50ms);
  }
  if (!service_.status()) throw Error(ErrorKind::timeout, "the service does not answer: " + service_.log());
}

}  // namespace owl::test
