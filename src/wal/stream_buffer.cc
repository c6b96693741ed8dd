#include "wal/stream_buffer.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.h"

namespace owl::wal {
namespace {

/// Every so often a piece begins with its segment, so that a segment that stays open for days is not read in thousands.
constexpr std::uint32_t cuts_until_whole = 64;

}  // namespace

void StreamBuffer::begin(postgres::SegmentId segment) {
  const std::lock_guard lock(mutex_);
  const auto start = postgres::start_of(segment, segment_size_);
  // A timeline that was left keeps its whole segments in line; what was open of it is in pieces.
  if (segment.timeline != timeline_) {
    std::erase_if(segments_, [&](const Segment& s) { return !is_whole(s); });
  }
  timeline_ = segment.timeline;
  next_ = start;
  if (segments_.empty()) archived_ = std::max(archived_, start);
  changed_.notify_all();
}

bool StreamBuffer::has_room() const {
  const std::lock_guard lock(mutex_);
  return has_room_locked();
}

bool StreamBuffer::wait_for_room(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait(lock, stop, [&] { return has_room_locked(); });
}

bool StreamBuffer::has_room_locked() const {
  return segments_.size() < most_segments_ || (!segments_.empty() && !is_whole(segments_.back()));
}

StreamBuffer::Segment& StreamBuffer::open_for(std::uint64_t number) {
  const postgres::SegmentId id{timeline_, number};
  const auto found = std::ranges::find(segments_, id, &Segment::id);
  if (found != segments_.end()) return *found;
  segments_.push_back({id, std::make_shared<Bytes>(segment_size_)});
  return segments_.back();
}

void StreamBuffer::check_overlap(const Segment& segment, std::uint32_t offset, ByteView wal) {
  if (std::ranges::equal(wal, ByteView(*segment.bytes).subspan(offset, wal.size()))) return;
  const auto at = postgres::start_of(segment.id, segment_size_) + offset;
  std::erase_if(segments_, [&](const Segment& s) { return !is_whole(s); });
  throw Error(ErrorKind::conflict,
              fmt::format("the server's WAL at {} is not what it sent before", postgres::to_text(at)))
      .with_hint(
          "It lost WAL that it had called durable (fsync off, or a disk that lies), or it was set back to a snapshot. "
          "Make a new backup: `owlbackup backup cluster`.");
}

void StreamBuffer::append(postgres::Lsn start, ByteView wal) {
  const std::lock_guard lock(mutex_);
  if (start != next_) {
    throw Error(ErrorKind::internal, fmt::format("WAL of {} came where that of {} was due", postgres::to_text(start),
                                                 postgres::to_text(next_)));
  }
  while (!wal.empty()) {
    auto& segment = open_for(next_.value / segment_size_);
    const auto offset = static_cast<std::uint32_t>(next_.value % segment_size_);
    const auto part = wal.first(std::min<std::size_t>(wal.size(), segment_size_ - offset));
    const auto known = offset < segment.filled ? std::min<std::size_t>(segment.filled - offset, part.size()) : 0;
    check_overlap(segment, offset, part.first(known));
    std::ranges::copy(part.subspan(known), segment.bytes->begin() + offset + static_cast<std::ptrdiff_t>(known));
    const auto end = static_cast<std::uint32_t>(offset + part.size());
    if (end == segment_size_ && segment.filled < end) segment.whole_since = clock_.monotonic();
    segment.filled = std::max(segment.filled, end);
    next_ = next_ + part.size();
    wal = wal.subspan(part.size());
  }
  changed_.notify_all();
}

/// When its uncut end may be cut. A whole segment is on its way into the archive, which is as good as a piece of it,
/// unless that takes long.
std::chrono::nanoseconds StreamBuffer::due(const Segment& segment) const {
  if (draining_ || hurrying_) return {};
  return (is_whole(segment) ? std::max(segment.whole_since, last_cut_) : last_cut_) + interval_;
}

StreamBuffer::Segment* StreamBuffer::to_cut() {
  Segment* next = nullptr;
  for (auto& segment : segments_) {
    if (segment.archived || segment.pieced == segment.filled) continue;
    if (next == nullptr || due(segment) < due(*next)) next = &segment;
  }
  return next;
}

std::optional<StreamBuffer::Cut> StreamBuffer::next_cut(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    auto* segment = to_cut();
    const auto now = clock_.monotonic();
    if (segment != nullptr && due(*segment) <= now) {
      last_cut_ = now;
      hurrying_ = false;
      const auto start = ++segment->cuts % cuts_until_whole == 0 ? 0 : segment->pieced;
      return Cut{segment->id, start, to_bytes(ByteView(*segment->bytes).subspan(start, segment->filled - start))};
    }
    if (segment == nullptr) {
      changed_.wait(lock, stop, [&] { return to_cut() != nullptr; });
    } else {
      changed_.wait_for(lock, stop, due(*segment) - now, [&] { return draining_ || hurrying_; });
    }
  }
  return std::nullopt;
}

void StreamBuffer::stored(const Cut& cut) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(segments_, cut.segment, &Segment::id);
  if (found == segments_.end()) return;  // archived whole meanwhile, or left behind
  const auto end = cut.start + static_cast<std::uint32_t>(cut.plain.size());
  if (cut.start <= found->pieced) found->pieced = std::max(found->pieced, end);
  changed_.notify_all();
}

void StreamBuffer::hurry() {
  const std::lock_guard lock(mutex_);
  hurrying_ = to_cut() != nullptr;
  changed_.notify_all();
}

bool StreamBuffer::drain(std::chrono::milliseconds patience, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  draining_ = true;
  changed_.notify_all();
  const bool done = changed_.wait_for(lock, stop, patience, [&] { return to_cut() == nullptr; });
  draining_ = false;
  return done;
}

std::optional<StreamBuffer::Whole> StreamBuffer::next_whole(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto next = [&] {
    return std::ranges::find_if(segments_, [&](const Segment& s) { return is_whole(s) && !s.handed_on; });
  };
  if (!changed_.wait(lock, stop, [&] { return next() != segments_.end(); }) || stop.stop_requested()) {
    return std::nullopt;
  }
  const auto found = next();
  found->handed_on = true;
  Whole whole{found->id, found->bytes, nullptr};
  const bool is_first = found == segments_.begin();
  const auto before = is_first ? before_id_ : std::optional((found - 1)->id);
  if (before && before->number + 1 == found->id.number) whole.before = is_first ? before_ : (found - 1)->bytes;
  return whole;
}

void StreamBuffer::archived(postgres::SegmentId segment) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(segments_, segment, &Segment::id);
  if (found != segments_.end()) found->archived = true;
  while (!segments_.empty() && segments_.front().archived) {
    before_ = segments_.front().bytes;
    before_id_ = segments_.front().id;
    archived_ = postgres::start_of({timeline_, before_id_->number + 1}, segment_size_);
    segments_.pop_front();
  }
  changed_.notify_all();
}

postgres::Lsn StreamBuffer::received() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

postgres::Lsn StreamBuffer::flushed() const {
  const std::lock_guard lock(mutex_);
  if (segments_.empty()) return archived_;
  const auto& oldest = segments_.front();
  return std::max(archived_, postgres::start_of(oldest.id, segment_size_) + std::min(oldest.pieced, segment_size_ - 1));
}

std::optional<postgres::SegmentId> StreamBuffer::open_segment() const {
  const std::lock_guard lock(mutex_);
  if (timeline_ == 0) return std::nullopt;
  if (!segments_.empty() && !is_whole(segments_.back())) return segments_.back().id;
  return postgres::segment_of(timeline_, next_, segment_size_);
}

}  // namespace owl::wal
