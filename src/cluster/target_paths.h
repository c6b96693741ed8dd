#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/details.h"

namespace owl::cluster {

/// Where a restored cluster's paths lie on this host: tablespaces may be mapped elsewhere.
class TargetPaths {
 public:
  /// `mapping`: old location, or oid as text, → new location. Throws Error(usage) on a mapping that fits no tablespace.
  TargetPaths(std::filesystem::path data_directory, const std::vector<postgres::Tablespace>& tablespaces,
              const std::map<std::string, std::filesystem::path>& mapping);

  struct Link {
    postgres::Oid oid = 0;
    std::filesystem::path old_location, location;
  };
  const std::filesystem::path& data_directory() const { return data_directory_; }
  /// Tablespaces that are links out of the data directory; in-place ones are plain folders.
  const std::vector<Link>& links() const { return links_; }
  std::filesystem::path resolve(std::string_view relative) const;
  /// The data directory, or the location of the tablespace that the path lies in.
  const std::filesystem::path& root_of(std::string_view relative) const;
  std::filesystem::path link_path(const Link& link) const;

 private:
  const Link* link_of(std::string_view relative) const;

  std::filesystem::path data_directory_;
  std::vector<Link> links_;
};

}  // namespace owl::cluster
