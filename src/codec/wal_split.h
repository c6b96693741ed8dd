#pragma once

#include <memory>

#include "codec/wal_streams.h"

namespace owl::codec {

struct ParsedWal;
class WalPages;

/// Splits WAL into streams of like with like (docs/format/wal-codec.md). What it learns of one stretch's rows makes the
/// next one cheaper; every stretch is joined alone. One thread at a time; memory is kept.
class WalSplitter {
 public:
  WalSplitter();
  WalSplitter(WalSplitter&&) noexcept;
  ~WalSplitter();

  /// `wal`: whole pages of a segment, `largest_wal_stretch` at most. False: not WAL that can be taken apart. The
  /// streams are good until the next call.
  bool split(ByteView wal, std::uint32_t page_size);
  const StreamSet& streams() const;
  /// What was taken apart, for the proof.
  const ParsedWal& parsed() const;
  const WalPages& pages() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The inverse. Takes streams that nobody vouches for: never writes outside, nor allocates more than a few times
/// what is joined. One thread at a time; memory is kept.
class WalJoiner {
 public:
  WalJoiner();
  WalJoiner(WalJoiner&&) noexcept;
  ~WalJoiner();

  /// Every stream has `stream_slack` readable bytes behind it. Fails unless exactly `wal` is filled.
  Result<void> join(std::span<const ByteView> streams, MutableBytes wal);
  /// Would `join` give exactly these bytes, which `splitter` has just split? Puts everything together as `join` does,
  /// but compares instead of writing. Checksums of records are not computed again: the splitter found that they are
  /// what `join` computes. Pages are compared where the splitter found their images, and laying out looks that they lie
  /// there.
  bool gives(const WalSplitter& splitter, ByteView wal);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::codec
