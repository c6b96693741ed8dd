#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/ports.h"
#include "support/temp_dir.h"

namespace owl::test {

/// Which S3 is spoken to. Ceph's gateway checks everything but R2's own rules; R2's simulation is Cloudflare's code
/// for these (parts of one size). A client must please both.
enum class S3Kind { ceph, r2 };

struct S3Options {
  int zones = 1;     ///< Ceph: regions with objects and a gateway of their own, numbered from 1
  bool tls = false;  ///< Ceph: https with the certificate of ca_file()
};

/// A real S3 server on 127.0.0.1. Ends with this object, and with this process however that ends. Starts in about two
/// seconds (Ceph) and one (R2), so tests share one where they can. One thread.
class S3Server {
 public:
  explicit S3Server(S3Kind kind, S3Options options = {});
  ~S3Server();
  S3Server(const S3Server&) = delete;
  S3Server& operator=(const S3Server&) = delete;

  /// The one server of this kind of this test program: started when it is first asked for.
  static S3Server& shared(S3Kind kind);

  std::string endpoint(int zone = 1) const;  ///< http://127.0.0.1:20000
  std::string region(int zone = 1) const;
  std::string access_key() const;
  std::string secret_key() const;
  std::filesystem::path ca_file() const;  ///< of the authority that signed the certificate; TLS only
  /// The name of an empty bucket that no other test has; there in every zone.
  std::string make_bucket();

  /// Every request hangs, until resumed.
  void pause();
  void resume();
  /// The outage of one region: connections are refused, until started again. What was stored is still there.
  void kill_gateway(int zone = 1);
  void start_gateways();
  /// Ceph: radosgw-admin on the first zone, for quotas and accounts; the user of access_key() is `test`.
  void admin(std::vector<std::string> words);

 private:
  void send(int signal, const std::string& pid_file) const;
  std::string value(const std::string& name, int zone = 1) const;

  S3Kind kind_;
  S3Options options_;
  TempDir folder_;  ///< under /tmp: the daemons put sockets there
  PortBlock ports_;
  std::map<std::string, std::string> values_;
  int buckets_made_ = 0;
  int owner_;
};

}  // namespace owl::test
