#include "wal/enrolment.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "codec/json.h"
#include "os/file.h"
#include "os/system.h"
#include "postgres/control_file.h"
#include "wal/served_wal.h"

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

std::optional<EnrolledCluster> from_json(const Json& json) {
  const auto system_id = number_in_text(json["system_id"]), device = number_in_text(json["device"]),
             inode = number_in_text(json["inode"]);
  const auto timeline = timeline_in(json["timeline"]);
  const auto when = parse_time(json["when"].text_or(""), {});
  if (!system_id || !device || !inode || !timeline || !when) return std::nullopt;
  return EnrolledCluster{*system_id, *device, *inode, *timeline, json["data_directory"].text_or(""), *when};
}

}  // namespace

Bytes serialize(const std::vector<EnrolledCluster>& clusters) {
  Json list = Json::array();
  for (const auto& cluster : clusters) list.push(to_json(cluster));
  return to_bytes(as_bytes(Json().set("clusters", std::move(list)).dump(2) + "\n"));
}

Result<std::vector<EnrolledCluster>> parse_enrolments(ByteView bytes) {
  const auto json = Json::parse(as_text(bytes));
  const auto* const list = json ? (*json)["clusters"].as_array() : nullptr;
  if (list == nullptr) return bad_format("no list of enrolled clusters");
  std::vector<EnrolledCluster> clusters;
  for (const auto& item : *list) {
    auto cluster = from_json(item);
    if (!cluster) return bad_format("an enrolled cluster that makes no sense");
    clusters.push_back(std::move(*cluster));
  }
  return clusters;
}

Enrolments::Enrolments(std::filesystem::path state_directory) : path_(std::move(state_directory) / "enrolled.json") {
  const auto bytes = os::read_file_if_exists(path_);
  if (!bytes) return;
  auto clusters = parse_enrolments(*bytes);
  if (!clusters) {
    throw Error(ErrorKind::integrity, fmt::format("{} is damaged", path_.string()))
        .with_hint("Remove it and enrol the data directory again: `owlbackup doctor --enrol`.");
  }
  clusters_ = std::move(*clusters);
}

void Enrolments::enrol(const std::filesystem::path& data_directory, Timestamp now) {
  os::SystemClock clock;
  const auto control = postgres::read_control_file(data_directory, clock).parsed;
  const auto status = os::status_of(data_directory, true);
  forget(data_directory);
  clusters_.push_back(
      {control.system_id, status->device, status->inode, control.timeline, data_directory.string(), now});
  save();
}

void Enrolments::forget(const std::filesystem::path& data_directory) {
  const auto status = os::status_of(data_directory, true);
  if (!status) return;
  const auto removed = std::erase_if(
      clusters_, [&](const EnrolledCluster& c) { return c.device == status->device && c.inode == status->inode; });
  if (removed > 0) save();
}

FolderIdentity identity_of(const std::filesystem::path& folder) {
  const auto status = os::status_of(folder, true);
  if (!status) throw Error(ErrorKind::not_found, fmt::format("there is no folder {}", folder.string()));
  return {status->device, status->inode};
}

FolderIdentity identity_of(const os::FileDescriptor& folder, const std::string& name) {
  struct ::stat status {};
  if (::fstat(folder.get(), &status) != 0) {
    const int error = errno;
    throw Error(kind_of_errno(error), fmt::format("can't tell which folder {} is", name)).with_errno(error);
  }
  return {status.st_dev, status.st_ino};
}

bool Enrolments::covers(const FolderIdentity& data_directory, postgres::SystemId system_id) const {
  return std::ranges::any_of(clusters_, [&](const EnrolledCluster& c) {
    return c.system_id == system_id && c.device == data_directory.device && c.inode == data_directory.inode;
  });
}

bool Enrolments::covers(const std::filesystem::path& data_directory, postgres::SystemId system_id) const {
  const auto status = os::status_of(data_directory, true);
  return status && covers(FolderIdentity{status->device, status->inode}, system_id);
}

std::optional<EnrolledCluster> Enrolments::original_of(const FolderIdentity& data_directory,
                                                       postgres::SystemId system_id) const {
  if (covers(data_directory, system_id)) return std::nullopt;
  for (const auto& cluster : clusters_) {
    if (cluster.system_id != system_id) continue;
    const auto status = os::status_of(cluster.data_directory, true);
    if (status && status->device == cluster.device && status->inode == cluster.inode) return cluster;
  }
  return std::nullopt;
}

void Enrolments::save() const {
  os::make_folders(path_.parent_path(), 0700);
  os::replace_file(path_, serialize(clusters_));
}

}  // namespace owl::wal
