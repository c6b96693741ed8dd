#include "cluster/collation.h"

#include <fmt/format.h>

namespace owl::cluster {

const std::string_view indexes_by_libc_collations =
    "SELECT DISTINCT i.indexrelid::regclass FROM pg_index i, unnest(i.indcollation) u, pg_collation c, pg_database d"
    " WHERE c.oid = u AND d.datname = current_database() AND CASE c.collprovider"
    " WHEN 'c' THEN c.collcollate NOT IN ('C', 'POSIX') WHEN 'd' THEN d.datcollate NOT IN ('C', 'POSIX') ELSE false "
    "END";

std::optional<std::string> collation_warning(const ClusterDetails& details, std::string_view here) {
  if (details.collation_version.empty() || details.collation_version == here) return std::nullopt;
  return fmt::format(
      "the backup was made with version {} of the C library, this host has {}: text may sort in another way, and "
      "indexes "
      "on it may be wrong. REINDEX, in each database, what this lists: {}; then ALTER DATABASE … REFRESH COLLATION "
      "VERSION",
      details.collation_version, here, indexes_by_libc_collations);
}

}  // namespace owl::cluster
