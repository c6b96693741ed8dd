#include "cluster/file_marks.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.h"
#include "cluster/read_set.h"
#include "codec/hash.h"

namespace owl::cluster {
namespace {

constexpr std::uint8_t marks_version = 1;
constexpr std::int64_t settled_micros = 2'000'000;
constexpr std::size_t window_bytes = 64u << 10;

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
void write_marks(const FileMarks& of, const Listing& files, const os::AppendBytes& append) {
  ListingReader listed(files);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < files.size(); ++i) count += listed[i].mark != 0 ? 1u : 0u;
  Bytes bytes;
  BinaryWriter out(bytes);
  std::uint32_t crc = 0;
  const auto hand_over = [&] {
    crc = codec::crc32c(bytes, crc);
    append(bytes);
    bytes.clear();
  };
  out.u8(marks_version);
  out.text(of.backup);
  out.text(of.boot);
  out.varint(count);
  std::string before;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& file = listed[i];
    if (file.mark == 0) continue;
    const auto shared = static_cast<std::size_t>(std::ranges::mismatch(before, file.path).in1 - before.begin());
    out.varint(shared);
    out.text(std::string_view(file.path).substr(shared));
    out.u64(file.mark);
    before = file.path;
    if (bytes.size() >= window_bytes) hand_over();
  }
  hand_over();
  out.u32(crc);
  append(bytes);
}

EarlierMarks EarlierMarks::of_bytes(Bytes bytes, const FileMarks& of) {
  const auto size = bytes.size();
  return {[content = std::move(bytes)](MutableBytes out, std::uint64_t offset) {
            const auto left = ByteView(content).subspan(std::min<std::size_t>(offset, content.size()));
            const auto part = left.first(std::min(left.size(), out.size()));
            std::ranges::copy(part, out.begin());
            return part.size();
          },
          size, of};
}

EarlierMarks EarlierMarks::of_file(const std::filesystem::path& path, const FileMarks& of) {
  auto file = std::make_shared<const os::FileDescriptor>(os::open_if_exists(path, O_RDONLY));
  const auto status = os::status_of(path, true);
  if (!file->valid() || !status) return {};
  return {[file, name = path.native()](MutableBytes out, std::uint64_t offset) {
            return os::read_at(*file, out, offset, name);
          },
          status->size, of};
}

EarlierMarks::EarlierMarks(Source source, std::uint64_t size, const FileMarks& of) : source_(std::move(source)) {
  if (size < 4 || of.boot.empty()) return;
  end_ = size - 4;
  if (!has_its_checksum()) return;
  look_ahead();
  if (in_->u8() != marks_version || in_->text() != of.backup || in_->text() != of.boot) return;
  left_ = in_->varint();
  advance();
}

bool EarlierMarks::has_its_checksum() {
  std::uint32_t crc = 0;
  window_.resize(window_bytes);
  for (std::uint64_t at = 0; at < end_;) {
    const auto part = MutableBytes(window_).first(std::min<std::uint64_t>(window_bytes, end_ - at));
    if (source_(part, at) != part.size()) return false;
    crc = codec::crc32c(part, crc);
    at += part.size();
  }
  std::array<std::uint8_t, 4> stored{};
  return source_(stored, end_) == stored.size() && BinaryReader(stored).u32() == crc;
}

/// Keeps the window longer than any entry, as long as there is more.
void EarlierMarks::look_ahead() {
  constexpr std::size_t largest_entry = 8192;  // a path has 4 KiB at most
  if (in_ && (in_->remaining() >= largest_entry || next_ == end_)) return;
  Bytes window = in_ ? to_bytes(ByteView(window_).last(in_->remaining())) : Bytes();
  const auto kept = window.size();
  window.resize(kept + std::min<std::uint64_t>(window_bytes, end_ - next_));
  window.resize(kept + source_(MutableBytes(window).subspan(kept), next_));
  next_ = window.size() == kept ? end_ : next_ + window.size() - kept;
  window_ = std::move(window);
  in_.emplace(window_);
}

void EarlierMarks::advance() {
  if (left_ == 0) return path_.clear();
  --left_;
  look_ahead();
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
