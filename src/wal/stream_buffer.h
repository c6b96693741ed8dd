#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/bytes.h"
#include "base/clock.h"
#include "postgres/types.h"

namespace owl::wal {

/// What was received and is not archived yet: the segment that is being written, and those before it that wait to be
/// archived. Between one thread that receives, one that stores pieces of the open segment and some that archive whole
/// ones. Thread-safe.
///
/// `flushed` is what the server may be told to let go of: it never passes a segment that isn't archived whole, and in
/// the oldest of those never what its pieces hold.
class StreamBuffer {
 public:
  StreamBuffer(std::uint32_t segment_size, std::size_t most_segments, std::chrono::nanoseconds interval, Clock& clock)
      : segment_size_(segment_size), most_segments_(most_segments), interval_(interval), clock_(clock) {}

  /// Receiving begins, or begins again, with the first byte of a segment. What is here of it already will be compared
  /// with what comes. On another timeline, what was open is left behind.
  void begin(postgres::SegmentId segment);
  /// Is there room for the next message?
  bool has_room() const;
  /// Waits until there is; false: stopped.
  bool wait_for_room(std::stop_token stop);
  /// What comes next. Throws Error(internal) when it does not begin where the last ended, Error(conflict) when it is
  /// not what came before from the same place: then all that was open is forgotten.
  void append(postgres::Lsn start, ByteView wal);

  struct Cut {
    postgres::SegmentId segment;
    std::uint32_t start = 0;  ///< offset in the segment
    Bytes plain;
  };
  /// Waits until WAL has come that no piece holds, and the interval has passed since the last cut. nullopt: stopped.
  std::optional<Cut> next_cut(std::stop_token stop);
  void stored(const Cut& cut);
  /// The next piece need not wait for the interval: the server shuts down, and waits.
  void hurry();
  /// Cut at once what is there, whatever the interval; true once all of it is stored.
  bool drain(std::chrono::milliseconds patience, std::stop_token stop);

  struct Whole {
    postgres::SegmentId segment;
    std::shared_ptr<const Bytes> plain, before;  ///< `before`: of the segment before it, where it is at hand
  };
  /// Waits for a segment that is complete. nullopt: stopped.
  std::optional<Whole> next_whole(std::stop_token stop);
  void archived(postgres::SegmentId segment);

  postgres::Lsn received() const;  ///< where the next byte belongs
  postgres::Lsn flushed() const;
  /// The segment to begin with again after a cut connection; nullopt: nothing was begun.
  std::optional<postgres::SegmentId> open_segment() const;

 private:
  struct Segment {
    postgres::SegmentId id;
    std::shared_ptr<Bytes> bytes;
    std::uint32_t filled = 0, pieced = 0, cuts = 0;
    bool handed_on = false, archived = false;
    std::chrono::nanoseconds whole_since{};
  };

  bool has_room_locked() const;
  Segment& open_for(std::uint64_t number);
  void check_overlap(const Segment& segment, std::uint32_t offset, ByteView wal);
  Segment* to_cut();
  std::chrono::nanoseconds due(const Segment& segment) const;
  bool is_whole(const Segment& segment) const { return segment.filled == segment_size_; }

  const std::uint32_t segment_size_;
  const std::size_t most_segments_;
  const std::chrono::nanoseconds interval_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Segment> segments_;
  std::shared_ptr<const Bytes> before_;  ///< of the segment before the first one here
  std::optional<postgres::SegmentId> before_id_;
  postgres::TimelineId timeline_ = 0;
  postgres::Lsn next_, archived_;
  std::chrono::nanoseconds last_cut_{};
  bool draining_ = false, hurrying_ = false;
};

}  // namespace owl::wal
