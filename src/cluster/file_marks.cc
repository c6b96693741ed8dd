#include "cluster/file_marks.h"

#include <algorithm>

#include "base/text.h"
#include "cluster/read_set.h"
#include "codec/hash.h"

namespace owl::cluster {
namespace {

constexpr std::uint8_t marks_version = 1;
constexpr std::int64_t settled_micros = 2'000'000;

/// Another fork, or a database's PG_VERSION. All else is small or few, and always read.
bool may_be_marked(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == path.npos || main_fork_of(path)) return false;
  if (main_fork_of(std::string(path.substr(0, slash + 1)) + "1")) {  // in a database's folder
    const auto name = path.substr(slash + 1);
    return name == "PG_VERSION" || parse_relation_file_name(name).has_value();
  }
  return false;
}

}  // namespace

std::uint64_t mark_of(std::string_view path, const os::FileStatus& status, Timestamp listed) {
  const auto newest = std::max(status.modified.micros, status.changed.micros);
  if (newest > listed.micros - settled_micros || !may_be_marked(path)) return 0;
  Bytes bytes;
  BinaryWriter out(bytes);
  for (const auto value : {status.device, status.inode, status.size}) out.u64(value);
  out.u64(static_cast<std::uint64_t>(status.modified.micros));
  out.u64(static_cast<std::uint64_t>(status.changed.micros));
  return std::max<std::uint64_t>(codec::xxh3_64(bytes), 1);
}

/// u8 version, text backup, text boot, varint count, then each: varint bytes that its path shares with the one before,
/// text of the rest, u64 mark; at last u32 CRC-32C of all before it.
Bytes serialize(const FileMarks& of, std::span<const ListedFile> files) {
  Bytes bytes;
  BinaryWriter out(bytes);
  out.u8(marks_version);
  out.text(of.backup);
  out.text(of.boot);
  out.varint(static_cast<std::uint64_t>(std::ranges::count_if(files, [](const auto& file) { return file.mark != 0; })));
  std::string_view before;
  for (const auto& file : files) {
    if (file.mark == 0) continue;
    const std::string_view path = file.path;
    const auto shared = static_cast<std::size_t>(std::ranges::mismatch(before, path).in1 - before.begin());
    out.varint(shared);
    out.text(path.substr(shared));
    out.u64(file.mark);
    before = path;
  }
  out.u32(codec::crc32c(bytes));
  return bytes;
}

EarlierMarks::EarlierMarks(Bytes bytes, const FileMarks& of) : bytes_(std::move(bytes)) {
  if (bytes_.size() < 4 || of.boot.empty()) return;
  const auto content = ByteView(bytes_).first(bytes_.size() - 4);
  BinaryReader checksum(ByteView(bytes_).last(4));
  if (checksum.u32() != codec::crc32c(content)) return;
  in_.emplace(content);
  if (in_->u8() != marks_version || in_->text() != of.backup || in_->text() != of.boot) return;
  left_ = in_->varint();
  advance();
}

void EarlierMarks::advance() {
  if (left_ == 0) return path_.clear();
  --left_;
  const auto shared = in_->varint();
  if (shared > path_.size()) in_->fail();
  path_.resize(std::min<std::size_t>(shared, path_.size()));
  path_ += in_->text();
  mark_ = in_->u64();
  if (in_->ok()) return;
  left_ = 0;
  path_.clear();
}

bool EarlierMarks::same(std::string_view path, std::uint64_t mark) {
  while (!path_.empty() && path_ < path) advance();
  return mark != 0 && path_ == path && mark_ == mark;
}

std::filesystem::path marks_file(const std::filesystem::path& state_directory) {
  return state_directory / "cluster-files";
}

std::string boot_id() {
  try {
    const auto bytes = os::read_file_if_exists("/proc/sys/kernel/random/boot_id");
    return bytes ? std::string(trim(as_text(*bytes))) : std::string();
  } catch (const Error&) {
    return {};
  }
}

}  // namespace owl::cluster
