#include "config/validate.h"

#include <fmt/core.h>

#include <charconv>

#include "config/location.h"

namespace owl::config {
namespace {

/// The place of the key, or the file where nobody set it.
Error complain(const Settings& settings, const Entries& entries, std::string_view key, std::string_view message) {
  const auto place = entries.place_of(key);
  const auto& file = settings.file.empty() ? settings.env_file : settings.file;
  return config_error(place.empty() ? file.native() : place, message);
}

std::string key_in(const StorageSettings& store, std::string_view key) {
  return fmt::format("storage.{}.{}", store.name, key);
}

void check_url(const Settings& settings, const Entries& entries, const StorageSettings& store) {
  if (!store.url.empty()) return;
  throw complain(settings, entries, key_in(store, "url"), fmt::format("[storage.{}] has no url", store.name))
      .with_hint("Write url = \"s3://bucket/prefix\" or url = \"file:///path\".");
}

void check_keys(const Settings& settings, const Entries& entries, const StorageSettings& store) {
  if (store.access_key_id.empty() == store.secret_access_key.empty()) return;
  const bool has_id = !store.access_key_id.empty();
  const std::string_view given = has_id ? "access_key_id" : "secret_access_key";
  const std::string_view missing = has_id ? "secret_access_key" : "access_key_id";
  throw complain(settings, entries, key_in(store, given),
                 fmt::format("{} is set, but {} is missing", key_in(store, given), key_in(store, missing)))
      .with_hint("An S3 key has both parts; leave both out for a store that needs none.");
}

void check_endpoint(const Settings& settings, const Entries& entries, const StorageSettings& store) {
  if (store.allow_plain_http || !is_plain_http_elsewhere(store.endpoint)) return;
  const auto key = key_in(store, "endpoint");
  throw complain(settings, entries, key,
                 fmt::format("{} is {}: http to another host is refused", key, in_quotes(store.endpoint)))
      .with_hint(fmt::format("Write https://, or set allow_plain_http = true in [storage.{}] if everybody on the way "
                             "may see names and sizes.",
                             store.name));
}

bool same_place(const StorageSettings& a, const StorageSettings& b) {
  return without_trailing_slash(a.url) == without_trailing_slash(b.url) &&
         without_trailing_slash(a.endpoint) == without_trailing_slash(b.endpoint);
}

void check_distinct(const Settings& settings, const Entries& entries) {
  for (std::size_t i = 0; i < settings.storage.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto &one = settings.storage[j], &other = settings.storage[i];
      if (!same_place(one, other)) continue;
      const auto key = key_in(other, "url");
      throw complain(settings, entries, key,
                     fmt::format("{} is {}, the same as {}", key, in_quotes(other.url), key_in(one, "url")))
          .with_hint("Two stores must be two places: another bucket, prefix or folder.");
    }
  }
}

void check_storage(const Settings& settings, const Entries& entries) {
  if (settings.storage.empty()) {
    throw complain(settings, entries, "storage", "no storage is configured")
        .with_hint("Add [storage.primary] with url = \"s3://bucket/prefix\" or url = \"file:///path\".");
  }
  for (const auto& store : settings.storage) {
    check_url(settings, entries, store);
    check_keys(settings, entries, store);
    check_endpoint(settings, entries, store);
  }
  check_distinct(settings, entries);
}

void check_encryption(const Settings& settings, const Entries& entries) {
  const auto& encryption = settings.encryption;
  const bool openpgp = encryption.mode == "openpgp";
  if (openpgp && encryption.recipients.empty()) {
    throw complain(settings, entries, "encryption.mode", "encryption.mode is \"openpgp\", but there are no recipients")
        .with_hint(
            "Set encryption.recipients (GPG_RECIPIENT in backup.env) to the key that opens the backups, or "
            "choose mode \"passphrase\" or \"none\".");
  }
  if (!openpgp && !encryption.recipients.empty()) {
    throw complain(settings, entries, "encryption.recipients",
                   fmt::format("encryption.recipients is set, but encryption.mode is \"{}\"", encryption.mode))
        .with_hint("Nothing would be sealed to them: set mode = \"openpgp\", or remove the recipients.");
  }
  if (encryption.mode != "passphrase" && !encryption.passphrase.empty()) {
    throw complain(settings, entries, "encryption.passphrase",
                   fmt::format("encryption.passphrase is set, but encryption.mode is \"{}\"", encryption.mode))
        .with_hint("Set mode = \"passphrase\", or remove the passphrase.");
  }
}

void check_acknowledge(const Settings& settings, const Entries& entries) {
  const auto& text = settings.wal.acknowledge;
  const std::size_t stores = settings.storage.size();
  std::size_t wanted = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), wanted).ec != std::errc{} || wanted <= stores) return;
  throw complain(settings, entries, "wal.acknowledge",
                 fmt::format("wal.acknowledge is {}, but there {}", wanted,
                             stores == 1 ? "is 1 store" : fmt::format("are {} stores", stores)))
      .with_hint("Archiving would never succeed: lower it, or add stores.");
}

void check_open_stores(const Settings& settings, const Entries& entries) {
  const std::size_t wanted = settings.wal.open_stores, stores = settings.storage.size();
  if (wanted <= stores) return;
  throw complain(settings, entries, "wal.open_stores",
                 fmt::format("wal.open_stores is {}, but there {}", wanted,
                             stores == 1 ? "is 1 store" : fmt::format("are {} stores", stores)))
      .with_hint("Streaming would never store a piece: lower it, or add stores.");
}

void check_files(const Settings& settings, const Entries& entries) {
  for (const auto& files : settings.files) {
    if (!files.paths.empty()) continue;
    throw complain(settings, entries, fmt::format("files.{}.paths", files.name),
                   fmt::format("[files.{}] has no paths", files.name))
        .with_hint("Write paths = [\"/srv/assets\"].");
  }
}

}  // namespace

void validate(const Settings& settings, const Entries& entries) {
  check_storage(settings, entries);
  check_encryption(settings, entries);
  check_acknowledge(settings, entries);
  check_open_stores(settings, entries);
  check_files(settings, entries);
}

}  // namespace owl::config
