#include "cluster/preload_libraries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "os/file.h"

namespace owl::cluster {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view server_folder_mark = "$libdir";

std::string recorded(const ClusterDetails& details, std::string_view name) {
  const auto found = std::ranges::find(details.settings, name, &postgres::Setting::name);
  return found == details.settings.end() ? std::string() : found->value;
}

bool is_file(const fs::path& path) {
  const auto status = os::status_of(path, true);
  return status && status->type == os::FileType::regular;
}

/// $libdir: beside the programs, wherever the whole was moved to. Every server has libpqwalreceiver there.
fs::path server_library_folder(const fs::path& programs) {
  const auto beside = fs::weakly_canonical(programs).parent_path();
  for (const char* place : {"lib", "lib/postgresql", "lib64", "lib64/postgresql"}) {
    if (is_file(beside / place / "libpqwalreceiver.so")) return beside / place;
  }
  return {};
}

bool is_there(const fs::path& path) {
  return is_file(path) || is_file(path.string() + ".so");
}

class Finder {
 public:
  Finder(const ClusterDetails& details, const fs::path& programs) : libdir_(server_library_folder(programs)) {
    auto path = recorded(details, "dynamic_library_path");
    if (path.empty()) path = server_folder_mark;
    for (const auto folder : split(path, ':')) folders_.push_back(expand(folder));
  }
  bool known() const { return !libdir_.empty(); }
  const fs::path& libdir() const { return libdir_; }

  bool finds(std::string_view library) const {
    if (library.find('/') != library.npos) return is_there(expand(library));
    return std::ranges::any_of(folders_, [&](const auto& folder) { return is_there(folder / library); });
  }

 private:
  fs::path expand(std::string_view path) const {
    if (!path.starts_with(server_folder_mark)) return path;
    return libdir_.string() + std::string(path.substr(server_folder_mark.size()));
  }

  fs::path libdir_;
  std::vector<fs::path> folders_;
};

/// Debian's names; {} is the major version.
std::string package_of(std::string_view library, int major) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> packages{{
      {"timescaledb", "timescaledb-2-postgresql-{}"},
      {"pg_cron", "postgresql-{}-cron"},
      {"pgaudit", "postgresql-{}-pgaudit"},
      {"pg_partman_bgw", "postgresql-{}-partman"},
      {"pglogical", "postgresql-{}-pglogical"},
      {"pg_stat_kcache", "postgresql-{}-pg-stat-kcache"},
      {"pg_qualstats", "postgresql-{}-pg-qualstats"},
      {"pg_wait_sampling", "postgresql-{}-pg-wait-sampling"},
      {"repmgr", "postgresql-{}-repmgr"},
      {"set_user", "postgresql-{}-set-user"},
  }};
  static constexpr std::array<std::string_view, 7> contrib{
      "pg_stat_statements", "auto_explain", "pg_prewarm", "auth_delay", "passwordcheck", "sepgsql", "basic_archive"};
  const auto name = library.substr(library.rfind('/') + 1);
  for (const auto& [known, package] : packages) {
    if (name == known) return fmt::format(fmt::runtime(package), major);
  }
  if (std::ranges::find(contrib, name) != contrib.end())
    return fmt::format("postgresql-{} or postgresql{}-contrib", major, major);
  return {};
}

std::string hint_for(const std::vector<std::string>& missing, const ClusterDetails& details, const Finder& finder) {
  const int major = postgres::major_version(details.version);
  std::string hint = "Install";
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const auto package = package_of(missing[i], major);
    hint += i == 0 ? " " : ", ";
    hint += package.empty() ? fmt::format("the package that has {}.so", missing[i]) : package;
  }
  return hint + fmt::format(
                    " for PostgreSQL {}, whose libraries are in {}, or restore without --start and start the server "
                    "with settings of your own. Nothing was changed.",
                    major, finder.libdir().string());
}

}  // namespace

std::vector<std::string> split_library_list(std::string_view setting) {
  std::vector<std::string> names;
  std::string name;
  bool quoted = false, was_quoted = false;
  const auto finish = [&] {
    auto text = was_quoted ? name : std::string(trim(name));
    if (!text.empty()) names.push_back(std::move(text));
    name.clear();
    was_quoted = false;
  };
  for (const char c : setting) {
    if (c == '"') {
      if (!quoted) name = std::string(trim(name));
      quoted = !quoted;
      was_quoted = true;
    } else if (c == ',' && !quoted) {
      finish();
    } else if (quoted || !was_quoted || c != ' ') {
      name += c;
    }
  }
  finish();
  return names;
}

void require_preload_libraries(const ClusterDetails& details, const fs::path& programs) {
  const Finder finder(details, programs);
  if (!finder.known()) return;  // where this build keeps them can't be told: the server itself will
  std::vector<std::string> missing;
  for (auto& name : split_library_list(recorded(details, "shared_preload_libraries"))) {
    if (!finder.finds(name)) missing.push_back(std::move(name));
  }
  if (missing.empty()) return;
  throw Error(
      ErrorKind::refused,
      fmt::format("the cluster needs {} (shared_preload_libraries), and PostgreSQL on this host does not have {}",
                  fmt::join(missing, ", "), missing.size() == 1 ? "it" : "them"))
      .with_hint(hint_for(missing, details, finder));
}

}  // namespace owl::cluster
