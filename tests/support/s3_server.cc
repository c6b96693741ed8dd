#include "support/s3_server.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "base/error.h"
#include "support/environment.h"
#include "support/run.h"

namespace owl::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

// R2's buckets are fixed when its simulation starts.
constexpr int r2_buckets = 32;

std::string bucket_name(int number) {
  return "owl-test-" + std::to_string(number);
}

std::string script(std::string_view name) {
  return source_dir() / "scripts/real" / name;
}
std::string script(S3Kind kind, std::string_view what) {
  return script(std::string(kind == S3Kind::ceph ? "rgw" : "r2sim") + "-" + std::string(what));
}

/// The NAME=value words of a file that a shell would source; the scripts write no blanks into values.
std::map<std::string, std::string> read_environment(const fs::path& path) {
  std::ifstream file(path);
  std::map<std::string, std::string> values;
  for (std::istream_iterator<std::string> word(file), end; word != end; ++word) {
    const auto equals = word->find('=');
    if (equals != std::string::npos) values[word->substr(0, equals)] = word->substr(equals + 1);
  }
  return values;
}

}  // namespace

S3Server::S3Server(S3Kind kind, S3Options options)
    : kind_(kind), options_(options), folder_("/tmp"), owner_(::getpid()) {
  start_gateways();
  values_ = read_environment(folder_ / "env");
}

S3Server::~S3Server() {
  if (owner_ != ::getpid()) return;
  try {
    resume();
    run({script(kind_, "down"), folder_.path()});
  } catch (const std::exception&) {
    // The watcher that the scripts left ends what still runs.
  }
}

S3Server& S3Server::shared(S3Kind kind) {
  if (kind == S3Kind::ceph) {
    static S3Server ceph(S3Kind::ceph);
    return ceph;
  }
  static S3Server r2(S3Kind::r2);
  return r2;
}

void S3Server::start_gateways() {
  std::vector<std::string> argv{script(kind_, "up"), folder_.path(), std::to_string(ports_.first())};
  if (kind_ == S3Kind::r2) {
    for (int number = 1; number <= r2_buckets; ++number) argv.push_back(bucket_name(number));
  }
  std::map<std::string, std::string> env{{"OWL_PARENT_PID", std::to_string(::getpid())},
                                         {"ZONES", std::to_string(options_.zones)}};
  if (options_.tls) env["TLS"] = "1";
  run_ok(std::move(argv), {.env = std::move(env), .deadline = 5min});
}

std::string S3Server::value(const std::string& name, int zone) const {
  const auto found = values_.find(zone == 1 ? name : name + "_" + std::to_string(zone));
  if (found == values_.end()) throw Error(ErrorKind::not_found, "the test's S3 server has no " + name);
  return found->second;
}

std::string S3Server::endpoint(int zone) const {
  return value("S3_ENDPOINT", zone);
}
std::string S3Server::region(int zone) const {
  return value("S3_REGION", zone);
}
std::string S3Server::access_key() const {
  return value("AWS_ACCESS_KEY_ID");
}
std::string S3Server::secret_key() const {
  return value("AWS_SECRET_ACCESS_KEY");
}
fs::path S3Server::ca_file() const {
  return value("S3_CA_FILE");
}

std::string S3Server::make_bucket() {
  std::string name = bucket_name(++buckets_made_);
  if (kind_ == S3Kind::r2) {
    if (buckets_made_ > r2_buckets) throw Error(ErrorKind::refused, "no bucket is left in R2's simulation");
    return name;
  }
  for (int zone = 1; zone <= options_.zones; ++zone) {
    auto env = values_;
    env["S3_ENDPOINT"] = endpoint(zone);
    env["S3_REGION"] = region(zone);
    run_ok({script("s3-bucket"), name}, {.env = std::move(env)});
  }
  return name;
}

void S3Server::send(int signal, const std::string& pid_file) const {
  pid_t pid = 0;
  std::ifstream(folder_ / pid_file) >> pid;
  if (pid <= 0) return;
  // R2's simulation is two processes, node and workerd, in a group that node leads.
  ::kill(kind_ == S3Kind::r2 ? -pid : pid, signal);
}

void S3Server::pause() {
  send(SIGSTOP, kind_ == S3Kind::ceph ? "osd.pid" : "pid");
}
void S3Server::resume() {
  send(SIGCONT, kind_ == S3Kind::ceph ? "osd.pid" : "pid");
}

void S3Server::kill_gateway(int zone) {
  send(SIGKILL, kind_ == S3Kind::ceph ? "rgw." + std::to_string(zone) + ".pid" : "pid");
}

void S3Server::admin(std::vector<std::string> words) {
  std::vector<std::string> argv{
      "radosgw-admin",    "-c", folder_ / "ceph.conf", "--rgw-realm=realm-1", "--rgw-zonegroup=region-1",
      "--rgw-zone=zone-1"};
  argv.insert(argv.end(), words.begin(), words.end());
  run_ok(std::move(argv));
}

}  // namespace owl::test
