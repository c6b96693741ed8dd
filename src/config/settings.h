#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace owl::config {

struct PostgresSettings {
  std::string connection;                ///< libpq's own syntax; empty: not configured
  std::string primary;                   ///< likewise: of a standby's primary; empty: it is not asked
  std::filesystem::path data_directory;  ///< empty: not on this host; base backups stream
  std::filesystem::path bin_directory;   ///< initdb, postgres, …; empty: searched
};

struct StorageSettings {
  std::string name, url, endpoint, region = "auto", addressing = "auto", ca_file, tls_min = "1.3", fault;
  Secret access_key_id, secret_access_key, session_token;
  std::chrono::milliseconds connect_timeout{10'000}, request_timeout{120'000};
  int retries = 8;
  unsigned connections = 8;
  std::uint64_t upload_limit = 0, download_limit = 0;  ///< bytes a second; 0: none
  bool allow_plain_http = false;                       ///< an http:// endpoint that is not this host
};

struct EncryptionSettings {
  std::string mode = "openpgp";  ///< openpgp | passphrase | none
  std::vector<std::string> recipients;
  Secret passphrase;  ///< for mode passphrase; empty: asked on the terminal
  std::filesystem::path gpg_home;
  std::string gpg_program = "gpg";
};

struct CompressionSettings {
  int level = 3;  ///< zstd, 1 … 19
};

struct WalSettings {
  std::string acknowledge = "all";  ///< any | all | a number of stores that must have a segment
  std::chrono::milliseconds push_timeout{60'000};
  std::filesystem::path socket;                     ///< of the WAL service; empty: wal.sock in the state directory
  std::filesystem::path spool;                      ///< takes WAL while stores are away; empty: none
  std::uint64_t spool_size = 1u << 30;              ///< bytes
  unsigned look_ahead = 16;                         ///< files that the service archives before PostgreSQL asks
  bool stream = false;                              ///< the service also receives WAL over the replication protocol
  std::chrono::milliseconds stream_interval{5000};  ///< between pieces of the segment that is being written
  unsigned open_stores = 1;                         ///< stores that have each piece
  std::string slot = "owlbackup";                   ///< the replication slot
  bool heartbeat = true;                            ///< an empty transaction now and then, where nobody writes
  bool stream_synchronous = false;                  ///< may count as a synchronous standby
  std::chrono::milliseconds check{60'000};  ///< how often the service compares the stores with what was archived
};

struct BackupSettings {
  unsigned workers = 0;               ///< 0: one for each processor
  std::uint64_t memory = 256u << 20;  ///< bytes; the cap on buffers
  bool fast_checkpoint = true;
  std::chrono::milliseconds wal_timeout{600'000};  ///< how long to wait for the backup's WAL
};

/// One `[files.NAME]` section: trees that are backed up together.
struct FilesSettings {
  std::string name;
  std::vector<std::string> paths, exclude;
};

/// How many of each are kept; 0: none for that reason alone.
struct RetentionSettings {
  unsigned files_hourly = 24, daily = 7, weekly = 4, monthly = 12;
  unsigned wal_days = 14;  ///< the point-in-time window
};

/// Five-field cron expressions in UTC; empty: never.
struct ScheduleSettings {
  std::string files = "0 * * * *", daily = "0 2 * * *", weekly = "0 1 * * 0", monthly = "0 0 1 * *";
  std::string expire = "0 3 * * *", verify = "0 4 * * *", restore_test = "0 6 * * 6", daily_report = "0 7 * * *";
};

struct ObjectiveSettings {
  std::chrono::milliseconds rpo{std::chrono::hours(1)}, rto{std::chrono::hours(4)};
};

struct SlackSettings {
  Secret webhook_url;
};
struct EmailSettings {
  Secret smtp_url;   ///< may hold user and password
  std::string from;  ///< empty: the first of `to`
  std::vector<std::string> to;
};
struct PagerDutySettings {
  Secret routing_key;
};
struct TrelloSettings {
  std::string card;
  Secret key, token;
};
struct WebhookSettings {
  Secret url;
};
/// A channel whose fields are empty is off.
struct AlertSettings {
  SlackSettings slack;
  EmailSettings email;
  PagerDutySettings pagerduty;
  TrelloSettings trello;
  WebhookSettings webhook;
};

struct MetricsSettings {
  std::filesystem::path textfile = "/var/lib/node_exporter/textfile_collector/renderowl_backup.prom";
};

struct ServeSettings {
  std::string listen = "127.0.0.1:7878";  ///< host:port
};

struct StateSettings {
  std::filesystem::path directory;  ///< /var/lib/owlbackup as root, else $XDG_STATE_HOME/owlbackup
};

/// The whole configuration, checked. A default stands once, as the initialiser here; each field's TOML key, type, check
/// and help text stand once, in options.cc.
struct Settings {
  std::string name = "owlbackup";
  PostgresSettings postgres;
  std::vector<StorageSettings> storage;  ///< primary first, then in the file's order
  EncryptionSettings encryption;
  CompressionSettings compression;
  WalSettings wal;
  BackupSettings backup;
  StateSettings state;
  std::vector<FilesSettings> files;  ///< in the file's order
  RetentionSettings retention;
  ScheduleSettings schedule;
  ObjectiveSettings objectives;
  AlertSettings alerts;
  MetricsSettings metrics;
  ServeSettings serve;
  std::filesystem::path file;      ///< where it was read from; empty: environment only
  std::filesystem::path env_file;  ///< what --env-file named; empty: nothing
};

}  // namespace owl::config
