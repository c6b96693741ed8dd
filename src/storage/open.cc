#include "storage/open.h"

#include <fmt/core.h>

#include "storage/fault.h"
#include "storage/folder_store.h"
#include "storage/limit.h"
#include "storage/retry.h"
#include "storage/s3_store.h"

namespace owl::storage {
namespace {

std::string section_of(const StoreOptions& options) {
  return "storage." + options.name;
}

Error wrong(const StoreOptions& options, std::string_view key, std::string_view why, std::string hint) {
  return Error(ErrorKind::config, fmt::format("{}.{}: {}", section_of(options), key, why)).with_hint(std::move(hint));
}

StorePtr open_folder(const StoreOptions& options) {
  constexpr std::string_view scheme = "file://";
  std::filesystem::path root = options.url.substr(scheme.size());
  if (!root.is_absolute()) {
    throw wrong(options, "url", fmt::format("\"{}\" has no absolute path", options.url),
                "It has the form file:///path: three slashes.");
  }
  root = root.lexically_normal();
  return std::make_shared<FolderStore>(options.name, root.has_filename() ? root : root.parent_path());
}

http::TlsVersion tls_of(const StoreOptions& options) {
  if (options.tls_min == "1.3") return http::TlsVersion::v1_3;
  if (options.tls_min == "1.2") return http::TlsVersion::v1_2;
  throw wrong(options, "tls_min", fmt::format("\"{}\" is not known", options.tls_min), "It is 1.3 or 1.2.");
}

void require(const StoreOptions& options, std::string_view key, const Secret& value) {
  if (!value.empty()) return;
  throw wrong(options, key, "is not set",
              fmt::format("Set it in [{}], or by the environment, or name a file that holds it.", section_of(options)));
}

StorePtr open_s3(const StoreOptions& options, Clock& clock) {
  require(options, "access_key_id", options.access_key_id);
  require(options, "secret_access_key", options.secret_access_key);
  S3StoreOptions s3;
  s3.name = options.name;
  s3.place = resolve({.section = section_of(options),
                      .url = options.url,
                      .endpoint = options.endpoint,
                      .region = options.region,
                      .addressing = options.addressing});
  s3.credentials = {std::string(options.access_key_id.reveal()), options.secret_access_key, options.session_token};
  s3.http = {.tls_min = tls_of(options), .ca_file = options.ca_file, .max_idle = options.connections};
  s3.deadlines.connect = options.connect_timeout;
  s3.deadlines.silence = options.request_timeout;
  return std::make_shared<S3Store>(std::move(s3), clock);
}

StorePtr open_bare(const StoreOptions& options, Clock& clock) {
  if (options.url.starts_with("file://")) return open_folder(options);
  if (options.url.starts_with("s3://")) return open_s3(options, clock);
  throw wrong(options, "url",
              options.url.empty() ? "is not set" : fmt::format("\"{}\" is no URL of a store", options.url),
              "It has the form file:///path or s3://bucket/prefix.");
}

StorePtr with_configured_faults(StorePtr store, const StoreOptions& options, Clock& clock) {
  if (options.fault.empty()) return store;
  auto spec = parse_fault_spec(options.fault);
  if (!spec) throw wrong(options, "fault", spec.error().message(), spec.error().hint());
  return with_faults(std::move(store), std::move(*spec), clock);
}

}  // namespace

OpenedStore open_store(const StoreOptions& options, Clock& clock, Random& random) {
  auto meter = std::make_shared<Meter>();
  auto store = with_configured_faults(open_bare(options, clock), options, clock);
  store = with_retry(std::move(store), {.retries = options.retries}, clock, random, meter);
  store = limited(std::move(store),
                  {.connections = options.connections,
                   .upload_bytes_per_second = options.upload_bytes_per_second,
                   .download_bytes_per_second = options.download_bytes_per_second},
                  clock);
  return {options.name, metered(std::move(store), meter), meter};
}

}  // namespace owl::storage
