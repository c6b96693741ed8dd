#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/details.h"

namespace owl::cluster {

/// The names in a setting such as shared_preload_libraries, which takes them apart at commas: a name in double quotes
/// may hold one.
std::vector<std::string> split_library_list(std::string_view setting);

/// A server does not start without its shared_preload_libraries, and recovery may need them: their WAL records. Throws
/// Error(refused), naming every library of the backup's that the server of `programs` would not find and the package
/// that has it. Looks where the server does (dfmgr.c): a name without a slash in dynamic_library_path, $libdir standing
/// for the server's own folder; with and without ".so".
void require_preload_libraries(const ClusterDetails& details, const std::filesystem::path& programs);

}  // namespace owl::cluster
