#include <algorithm>

#include "app/restore_record.h"
#include "codec/json.h"

namespace owl::app {
namespace {

using codec::Json;

constexpr std::string_view what = "a record of a restore";

/// It becomes part of file names.
bool is_record_id(std::string_view id) {
  return id.size() == 8 &&
         std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<std::uint32_t> account_id(const Json& json) {
  const auto value = json.integer_or(-1);
  if (!std::in_range<std::uint32_t>(value)) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

}  // namespace

Bytes serialize(const RestoreRecord& record) {
  Json out;
  out.set("id", record.id).set("data_directory", record.data_directory.string()).set("socket", record.socket.string());
  out.set("ticket", record.ticket.string());
  wal::put_served_wal(out, record);
  out.set("owner_uid", record.owner_uid).set("owner_gid", record.owner_gid);
  return to_bytes(as_bytes(out.dump(2) + "\n"));
}

Result<RestoreRecord> parse_restore_record(ByteView bytes) {
  const auto json = Json::parse(as_text(bytes));
  if (!json) return tl::unexpected(json.error());
  auto served = wal::get_served_wal(*json, what);
  if (!served) return tl::unexpected(served.error());
  const auto uid = account_id((*json)["owner_uid"]), gid = account_id((*json)["owner_gid"]);
  RestoreRecord record;
  static_cast<wal::ServedWal&>(record) = std::move(*served);
  record.id = (*json)["id"].text_or("");
  record.data_directory = (*json)["data_directory"].text_or("");
  record.socket = (*json)["socket"].text_or("");
  record.ticket = (*json)["ticket"].text_or("");
  if (!is_record_id(record.id)) return bad_format(std::string(what) + " without an id");
  if (!uid || !gid) return bad_format(std::string(what) + " without an owner");
  record.owner_uid = *uid;
  record.owner_gid = *gid;
  return record;
}

}  // namespace owl::app
