#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace owl::codec {

/// Compresses whole WAL segments by what they are (docs/format/wal-codec.md): records taken apart into streams of like
/// with like, full-page images through the page codec, then zstd. Works on stretches of 4 MiB; some times that
/// much memory is kept from call to call. One thread at a time.
class WalEncoder {
 public:
  /// The level is that of plain zstd, which stretches get that can't be taken apart; streams need less.
  explicit WalEncoder(int zstd_level);
  WalEncoder(WalEncoder&&) noexcept;
  ~WalEncoder();

  /// The most that `encode` may write for a segment of that size.
  static std::size_t bound(std::size_t plain_size);
  /// Writes to `out` (at least `bound` bytes) and returns how many bytes it took. 0: this is no WAL of PostgreSQL 13 to
  /// 18, or nothing of it could be taken apart; what was written then doesn't count.
  std::size_t encode(ByteView segment, MutableBytes out);

  /// Stretches since the beginning.
  struct Counters {
    std::uint64_t split = 0;
    std::uint64_t plain = 0;     ///< that zstd alone got
    std::uint64_t unproven = 0;  ///< of those, that did not come back as they were: an error of this program
  };
  const Counters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The inverse. One thread at a time; memory is kept.
class WalDecoder {
 public:
  WalDecoder();
  WalDecoder(WalDecoder&&) noexcept;
  ~WalDecoder();
  /// Fails unless exactly `segment.size()` bytes come out, and never writes elsewhere; allocates a few times 4 MiB at
  /// most, whatever `encoded` says.
  Result<void> decode(ByteView encoded, MutableBytes segment);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::codec
