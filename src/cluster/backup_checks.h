#pragma once

#include <filesystem>

#include "cluster/backup.h"
#include "cluster/details.h"
#include "postgres/base_backup.h"
#include "postgres/connection.h"
#include "postgres/control_file.h"

namespace owl::cluster {

/// What is known before a backup begins, checked: nothing was written yet when one of these throws.
struct BackupSource {
  postgres::ServerFacts facts;
  std::filesystem::path data_directory;
  postgres::ControlFile control;
  std::string tablespace_version;  ///< "PG_15_202209061"
};
BackupSource check_source(postgres::Connection& connection, const BackupOptions& options, Clock& clock);

/// Fills in what the manifest says of the cluster, but for what is known only at the end (labels, stop).
ClusterDetails describe_source(postgres::Connection& connection, const BackupSource& source);

}  // namespace owl::cluster
