#include "wal/recovery_ticket.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "codec/json.h"
#include "os/file.h"

namespace owl::wal {
namespace {

using codec::Json;

Json embed(const Bytes& json_text) {
  auto parsed = Json::parse(as_text(json_text));
  OWL_CHECK(parsed.has_value(), "our own JSON does not parse");
  return *parsed;
}

Json store_json(const storage::StoreOptions& store) {
  Json out;
  out.set("name", store.name).set("url", store.url).set("endpoint", store.endpoint).set("region", store.region);
  out.set("addressing", store.addressing).set("ca_file", store.ca_file).set("tls_min", store.tls_min);
  out.set("access_key_id", store.access_key_id.reveal());
  out.set("secret_access_key", store.secret_access_key.reveal());
  out.set("session_token", store.session_token.reveal());
  out.set("connect_timeout_ms", store.connect_timeout.count()).set("request_timeout_ms", store.request_timeout.count());
  out.set("retries", store.retries).set("connections", store.connections);
  out.set("fault", store.fault);
  return out;
}

Secret secret(const Json& json) {
  return Secret(json.text_or(""));
}

/// What makes no sense is as if it were not there.
int small_number(const Json& json, int otherwise) {
  constexpr std::int64_t most = 1000;
  const auto value = json.integer_or(-1);
  return value >= 0 && value <= most ? static_cast<int>(value) : otherwise;
}

std::chrono::milliseconds milliseconds(const Json& json, std::chrono::milliseconds otherwise) {
  constexpr std::chrono::milliseconds most = std::chrono::hours(24);
  const std::chrono::milliseconds value(json.integer_or(0));
  return value.count() > 0 && value <= most ? value : otherwise;
}

storage::StoreOptions store_from(const Json& json) {
  storage::StoreOptions store;
  store.name = json["name"].text_or("");
  store.url = json["url"].text_or("");
  store.endpoint = json["endpoint"].text_or("");
  store.region = json["region"].text_or("auto");
  store.addressing = json["addressing"].text_or("auto");
  store.ca_file = json["ca_file"].text_or("");
  store.tls_min = json["tls_min"].text_or("1.3");
  store.access_key_id = secret(json["access_key_id"]);
  store.secret_access_key = secret(json["secret_access_key"]);
  store.session_token = secret(json["session_token"]);
  store.connect_timeout = milliseconds(json["connect_timeout_ms"], store.connect_timeout);
  store.request_timeout = milliseconds(json["request_timeout_ms"], store.request_timeout);
  store.retries = small_number(json["retries"], store.retries);
  store.connections = static_cast<unsigned>(small_number(json["connections"], static_cast<int>(store.connections)));
  store.fault = json["fault"].text_or("");
  return store;
}

Result<void> read_keys(const Json& json, RecoveryTicket& ticket) {
  auto keys = crypto::parse_host_keys(as_bytes(json["keys"].dump()));
  if (!keys) return tl::unexpected(keys.error());
  ticket.keys = std::move(*keys);
  if (json["secrets"].as_array() == nullptr) return bad_format("a recovery ticket without secrets");
  for (const auto& item : *json["secrets"].as_array()) {
    auto secrets = crypto::parse_epoch_secrets(as_bytes(item.dump()));
    if (!secrets) return tl::unexpected(secrets.error());
    ticket.secrets.push_back(std::move(*secrets));
  }
  return {};
}

}  // namespace

Bytes serialize(const RecoveryTicket& ticket) {
  Json secrets = Json::array(), stores = Json::array(), out;
  for (const auto& epoch : ticket.secrets) secrets.push(embed(crypto::serialize(epoch)));
  for (const auto& store : ticket.stores) stores.push(store_json(store));
  out.set("owlbackup", "recovery ticket").set("format", 1);
  out.set("keys", embed(crypto::serialize(ticket.keys))).set("secrets", std::move(secrets));
  out.set("stores", std::move(stores));
  put_served_wal(out, ticket);
  out.set("data_directory", ticket.data_directory.string());
  return to_bytes(as_bytes(out.dump(2) + "\n"));
}

Result<RecoveryTicket> parse_recovery_ticket(ByteView bytes) {
  auto json = Json::parse(as_text(bytes));
  if (!json) return tl::unexpected(json.error());
  if ((*json)["owlbackup"].text_or("") != "recovery ticket" || (*json)["format"].integer_or(0) != 1) {
    return bad_format("not a recovery ticket of this version");
  }
  RecoveryTicket ticket;
  if (auto read = read_keys(*json, ticket); !read) return tl::unexpected(read.error());
  if ((*json)["stores"].as_array() == nullptr) return bad_format("a recovery ticket without stores");
  for (const auto& store : *(*json)["stores"].as_array()) ticket.stores.push_back(store_from(store));
  auto served = get_served_wal(*json, "a recovery ticket");
  if (!served) return tl::unexpected(served.error());
  static_cast<ServedWal&>(ticket) = std::move(*served);
  ticket.data_directory = (*json)["data_directory"].text_or("");
  return ticket;
}

void write_ticket(const std::filesystem::path& path, const RecoveryTicket& ticket, std::uint32_t uid,
                  std::uint32_t gid) {
  os::make_folders(path.parent_path().parent_path(), 0755);
  os::make_folders(path.parent_path(), 0700);
  os::replace_file(path, serialize(ticket), 0600);
  for (const auto& given : {path, path.parent_path()}) {
    if (::chown(given.c_str(), uid, gid) == 0) continue;
    const int error = errno;
    throw Error(kind_of_errno(error), fmt::format("can't give {} to uid {}", given.string(), uid)).with_errno(error);
  }
}

RecoveryTicket read_ticket(const std::filesystem::path& path) {
  const auto bytes = os::read_file_if_exists(path);
  if (!bytes || bytes->empty()) {  // the end of recovery leaves it empty where it can't remove it
    throw Error(
        ErrorKind::no_key,
        fmt::format("the recovery ticket {} is not there: WAL can't be fetched without its keys", path.string()))
        .with_hint(
            "Make another: `owlbackup restore agent --to DIR` with the private key at hand, or run the restore again.");
  }
  return in_context([&] { return fmt::format("reading the recovery ticket {}", path.string()); },
                    [&] { return value_or_throw(parse_recovery_ticket(*bytes)); });
}

}  // namespace owl::wal
