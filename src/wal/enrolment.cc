#include "wal/enrolment.h"

#include <fmt/core.h>

#include <algorithm>

#include "codec/json.h"
#include "os/file.h"
#include "os/system.h"
#include "postgres/control_file.h"

namespace owl::wal {
namespace {

using codec::Json;

Json to_json(const EnrolledCluster& cluster) {
  Json out;
  out.set("system_id", std::to_string(cluster.system_id));
  out.set("device", std::to_string(cluster.device)).set("inode", std::to_string(cluster.inode));
  out.set("timeline", cluster.timeline).set("data_directory", cluster.data_directory).set("when", to_iso(cluster.when));
  return out;
}

std::uint64_t number(const Json& json) {
  const auto* text = json.as_string();
  return text == nullptr ? 0 : std::strtoull(text->c_str(), nullptr, 10);
}

EnrolledCluster from_json(const Json& json) {
  EnrolledCluster cluster;
  cluster.system_id = number(json["system_id"]);
  cluster.device = number(json["device"]);
  cluster.inode = number(json["inode"]);
  cluster.timeline = static_cast<postgres::TimelineId>(json["timeline"].integer_or(0));
  cluster.data_directory = json["data_directory"].text_or("");
  if (auto when = parse_time(json["when"].text_or(""), {})) cluster.when = *when;
  return cluster;
}

}  // namespace

Enrolments::Enrolments(std::filesystem::path state_directory) : path_(std::move(state_directory) / "enrolled.json") {
  const auto bytes = os::read_file_if_exists(path_);
  if (!bytes) return;
  const auto json = Json::parse(as_text(*bytes));
  const auto* list = json ? (*json)["clusters"].as_array() : nullptr;
  if (list == nullptr) {
    throw Error(ErrorKind::integrity, fmt::format("{} is damaged", path_.string()))
        .with_hint("Remove it and enrol the data directory again: `owlbackup doctor --enrol`.");
  }
  for (const auto& item : *list) clusters_.push_back(from_json(item));
}

void Enrolments::enrol(const std::filesystem::path& data_directory, Timestamp now) {
  os::SystemClock clock;
  const auto control = postgres::read_control_file(data_directory, clock).parsed;
  const auto status = os::status_of(data_directory, true);
  forget(data_directory);
  clusters_.push_back({control.system_id, status->device, status->inode, control.timeline, data_directory.string(), now});
  save();
}

void Enrolments::forget(const std::filesystem::path& data_directory) {
  const auto status = os::status_of(data_directory, true);
  if (!status) return;
  const auto removed = std::erase_if(clusters_, [&](const EnrolledCluster& c) {
    return c.device == status->device && c.inode == status->inode;
  });
  if (removed > 0) save();
}

bool Enrolments::covers(const std::filesystem::path& data_directory, postgres::SystemId system_id) const {
  const auto status = os::status_of(data_directory, true);
  return status && std::ranges::any_of(clusters_, [&](const EnrolledCluster& c) {
           return c.system_id == system_id && c.device == status->device && c.inode == status->inode;
         });
}

void Enrolments::save() const {
  Json list = Json::array();
  for (const auto& cluster : clusters_) list.push(to_json(cluster));
  Json out;
  out.set("clusters", std::move(list));
  os::make_folders(path_.parent_path(), 0700);
  os::replace_file(path_, as_bytes(out.dump(2) + "\n"));
}

}  // namespace owl::wal
