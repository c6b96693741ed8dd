#include <fmt/core.h>

#include "os/file.h"
#include "repository/repository.h"

namespace owl::repository {
namespace {

constexpr std::uint32_t rights_of_others = 077;

void check_rights(const std::filesystem::path& path) {
  const auto status = os::status_of(path, true);
  if (!status || (status->mode & rights_of_others) == 0) return;
  throw Error(ErrorKind::refused,
              fmt::format("the key file {} can be read by others (mode {:o})", path.string(), status->mode))
      .with_hint(fmt::format("chmod 600 {}", path.string()));
}

/// Somebody else's key file is a matter of accounts, not of a store that says no.
std::optional<Bytes> read_if_exists(const std::filesystem::path& path) {
  try {
    return os::read_file_if_exists(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::denied) throw;
    throw Error(ErrorKind::refused, fmt::format("the key file {} cannot be read by this account", path.string()))
        .with_hint("Run owlbackup as the account that owns it; archive_command runs as PostgreSQL's.");
  }
}

}  // namespace

std::optional<crypto::HostKeys> read_key_file_if_exists(const std::filesystem::path& path) {
  const auto bytes = read_if_exists(path);
  if (!bytes) return std::nullopt;
  check_rights(path);
  auto keys = crypto::parse_host_keys(*bytes);
  if (keys) return std::move(*keys);
  throw Error(keys.error())
      .with_context(fmt::format("the key file {}", path.string()))
      .with_hint("It can be made again: move it away, then `owlbackup keys enroll --from-private-key`.");
}

crypto::HostKeys read_key_file(const std::filesystem::path& path) {
  if (auto keys = read_key_file_if_exists(path)) return std::move(*keys);
  throw Error(ErrorKind::no_key, fmt::format("this host has no key file ({})", path.string()))
      .with_hint(
          "For a new repository: `owlbackup init`. For one that exists: `owlbackup keys enroll`, with the private "
          "key at hand or --host-key FILE from another host.");
}

void write_key_file(const std::filesystem::path& path, const crypto::HostKeys& keys) {
  const auto standing = read_key_file_if_exists(path);
  if (standing && standing->repository != keys.repository) {
    throw Error(ErrorKind::already_exists, fmt::format("{} holds the keys of another repository ({})", path.string(),
                                                       to_hex(standing->repository)))
        .with_hint("Move it away first, or name another state directory.");
  }
  if (path.has_parent_path()) os::make_folders(path.parent_path(), 0700);
  os::replace_file(path, crypto::serialize(keys), 0600);
}

}  // namespace owl::repository
