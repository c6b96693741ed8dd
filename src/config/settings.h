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
  std::string connection;                     ///< libpq's own syntax; empty: not configured
  std::filesystem::path data_directory;       ///< empty: ask the server
  std::filesystem::path bin_directory;        ///< initdb, postgres, …; empty: searched
};

struct StorageSettings {
  std::string name, url, endpoint, region = "auto", addressing = "auto", ca_file, tls_min = "1.3", fault;
  Secret access_key_id, secret_access_key, session_token;
  std::chrono::milliseconds connect_timeout{10'000}, request_timeout{120'000};
  int retries = 8;
  unsigned connections = 8;
  std::uint64_t upload_limit = 0, download_limit = 0;  ///< bytes a second; 0: none
};

struct EncryptionSettings {
  std::string mode = "openpgp";               ///< openpgp | passphrase | none
  std::vector<std::string> recipients;
  Secret passphrase;                          ///< for mode passphrase; empty: asked on the terminal
  std::filesystem::path gpg_home;
  std::string gpg_program = "gpg";
};

struct CompressionSettings {
  int level = 3;                              ///< zstd, 1 … 19
};

struct WalSettings {
  std::string acknowledge = "all";            ///< any | all | a number of stores that must have a segment
  std::chrono::milliseconds push_timeout{60'000};
};

struct BackupSettings {
  unsigned workers = 0;                       ///< 0: one for each processor
  std::uint64_t memory = 256u << 20;          ///< bytes; the cap on buffers
  bool fast_checkpoint = true;
  std::chrono::milliseconds wal_timeout{600'000};  ///< how long to wait for the backup's WAL
};

struct StateSettings {
  std::filesystem::path directory;            ///< /var/lib/owlbackup as root, else $XDG_STATE_HOME/owlbackup
};

/// The whole configuration, checked. Each field's TOML key, default and help text stand once, in options.cc.
struct Settings {
  std::string name = "owlbackup";
  PostgresSettings postgres;
  std::vector<StorageSettings> storage;       ///< primary first, then in the file's order
  EncryptionSettings encryption;
  CompressionSettings compression;
  WalSettings wal;
  BackupSettings backup;
  StateSettings state;
  std::filesystem::path file;                 ///< where it was read from; empty: environment only
};

}  // namespace owl::config
