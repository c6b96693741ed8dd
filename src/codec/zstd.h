#pragma once

#include <memory>

#include "base/bytes.h"

namespace owl::codec {

/// How a blob's bytes are stored. The numbers are part of the repository format (docs/format.md).
enum class Codec : std::uint8_t {
  stored = 0,
  zstd = 1,   ///< one frame
  pages = 2,  ///< PostgreSQL's pages as streams (docs/format/codecs.md)
  wal = 3,    ///< a WAL segment as streams (docs/format/wal-codec.md)
};

/// What bytes are like, for the compressor to be set up for them. Any decoder reads what comes out either way.
enum class Content : std::uint8_t {
  general,
  pages,  ///< a database's, and its WAL: what repeats, repeats within some KiB and at steps of a tuple
};

/// One zstd context, reused from blob to blob. One thread at a time; make one for each worker.
class ZstdEncoder {
 public:
  explicit ZstdEncoder(int level, Content content = Content::general);
  ZstdEncoder(ZstdEncoder&&) noexcept;
  ~ZstdEncoder();

  /// The most that `encode` may write for an input of that size.
  static std::size_t bound(std::size_t plain_size);

  struct Encoded {
    Codec codec;
    std::size_t size;
  };
  /// Compresses `plain` into `out` (at least `bound` bytes); bytes that zstd can't make smaller are copied (Codec::
  /// stored). A first probe of a few KiB spares incompressible input the whole pass.
  Encoded encode(ByteView plain, MutableBytes out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The inverse; one thread at a time.
class ZstdDecoder {
 public:
  ZstdDecoder();
  ZstdDecoder(ZstdDecoder&&) noexcept;
  ~ZstdDecoder();
  /// Fails unless exactly `plain.size()` bytes come out: never writes or allocates beyond that, whatever `stored` says.
  Result<void> decode(Codec codec, ByteView stored, MutableBytes plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// For metadata: one zstd frame behind a varint of the plain size.
Bytes compress(ByteView plain, int level = 3);
/// Refuses what says that it is larger than `limit` bytes.
Result<Bytes> decompress(ByteView compressed, std::uint64_t limit);

}  // namespace owl::codec
