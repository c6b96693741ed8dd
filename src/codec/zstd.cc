#include "codec/zstd.h"

#include <zstd.h>

#include <array>

#include "base/binary.h"
#include "base/check.h"
#include "base/units.h"

namespace owl::codec {
namespace {

// Below this, compressing at once costs less than probing.
constexpr std::size_t probe_from_size = 128 * KiB;
constexpr std::size_t probe_pieces = 4;
constexpr std::size_t probe_piece_size = 4 * KiB;
constexpr std::size_t probe_size = probe_pieces * probe_piece_size;
// Random bytes in tuples leave page headers that compress a little: not worth a pass over the whole blob.
constexpr std::size_t probe_hopeless_size = probe_size - probe_size / 32;

/// Tables of zstd's own size for a level (768 KiB at 3) fall out of the second-level cache at nearly every look. On
/// pages small ones find the same: the match that pays is near. Measured in docs/performance.md ("Compression of
/// pages").
struct PageTables {
  int level;  ///< of zstd, which gives the strategy
  int hash_log;
  int chain_log;  ///< 0: zstd's own
};
constexpr std::array page_tables{PageTables{1, 12, 0}, PageTables{1, 14, 0}, PageTables{3, 14, 13}};  // levels 1, 2, 3
constexpr int page_min_match = 5;

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  OWL_CHECK(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)) == 0, "zstd refused a parameter");
}

void set_level(ZSTD_CCtx* context, int level, Content content) {
  if (content != Content::pages || level < 1 || level > static_cast<int>(page_tables.size())) {
    return set(context, ZSTD_c_compressionLevel, level);
  }
  const auto& tables = page_tables[static_cast<std::size_t>(level) - 1];
  set(context, ZSTD_c_compressionLevel, tables.level);
  set(context, ZSTD_c_hashLog, tables.hash_log);
  set(context, ZSTD_c_chainLog, tables.chain_log);
  set(context, ZSTD_c_minMatch, page_min_match);
}

/// A context of libzstd that keeps its parameters and tables.
class Compressor {
 public:
  Compressor(int level, Content content) : context_(ZSTD_createCCtx()) {
    OWL_CHECK(context_ != nullptr, "out of memory for a zstd context");
    set(context_, ZSTD_c_checksumFlag, 0);  // what is stored is authenticated as a whole
    set(context_, ZSTD_c_contentSizeFlag, 1);
    set_level(context_, level, content);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  ~Compressor() { ZSTD_freeCCtx(context_); }

  std::size_t compress(ByteView plain, MutableBytes out) {
    const std::size_t size = ZSTD_compress2(context_, out.data(), out.size(), plain.data(), plain.size());
    OWL_CHECK(ZSTD_isError(size) == 0, ZSTD_getErrorName(size));
    return size;
  }

 private:
  ZSTD_CCtx* const context_;
};

}  // namespace

struct ZstdEncoder::State {
  State(int level, Content content) : main(level, content), probe(1, content) {}

  /// Do four pieces from all over the input hardly compress?
  bool looks_incompressible(ByteView plain) {
    std::array<std::uint8_t, probe_size> sample;
    for (std::size_t i = 0; i < probe_pieces; ++i) {
      const std::size_t from = (plain.size() - probe_piece_size) / (probe_pieces - 1) * i;
      std::ranges::copy(plain.subspan(from, probe_piece_size), sample.begin() + i * probe_piece_size);
    }
    std::array<std::uint8_t, ZSTD_COMPRESSBOUND(probe_size)> scratch;
    return probe.compress(sample, scratch) >= probe_hopeless_size;
  }

  Compressor main, probe;
};

ZstdEncoder::ZstdEncoder(int level, Content content) : state_(std::make_unique<State>(level, content)) {}
ZstdEncoder::ZstdEncoder(ZstdEncoder&&) noexcept = default;
ZstdEncoder::~ZstdEncoder() = default;

std::size_t ZstdEncoder::bound(std::size_t plain_size) {
  return ZSTD_compressBound(plain_size);
}

ZstdEncoder::Encoded ZstdEncoder::encode(ByteView plain, MutableBytes out) {
  OWL_CHECK(out.size() >= bound(plain.size()), "the room for a compressed blob is less than zstd's bound");
  if (plain.size() < probe_from_size || !state_->looks_incompressible(plain)) {
    const std::size_t size = state_->main.compress(plain, out);
    if (size < plain.size()) return {Codec::zstd, size};
  }
  std::ranges::copy(plain, out.begin());
  return {Codec::stored, plain.size()};
}

struct ZstdDecoder::State {
  State() : context(ZSTD_createDCtx()) { OWL_CHECK(context != nullptr, "out of memory for a zstd context"); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ZSTD_freeDCtx(context); }
  ZSTD_DCtx* context;
};

ZstdDecoder::ZstdDecoder() : state_(std::make_unique<State>()) {}
ZstdDecoder::ZstdDecoder(ZstdDecoder&&) noexcept = default;
ZstdDecoder::~ZstdDecoder() = default;

Result<void> ZstdDecoder::decode(Codec codec, ByteView stored, MutableBytes plain) {
  if (codec == Codec::stored) {
    if (stored.size() != plain.size()) return bad_format("a stored blob whose size is not its plain size");
    std::ranges::copy(stored, plain.begin());
    return {};
  }
  if (codec != Codec::zstd) return bad_format("a blob with an unknown codec");
  // In one call zstd writes straight into `plain` and needs no window of its own, whatever the frame asks for.
  const std::size_t size =
      ZSTD_decompressDCtx(state_->context, plain.data(), plain.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) != 0) return bad_format(std::string("a damaged zstd frame: ") + ZSTD_getErrorName(size));
  if (size != plain.size()) return bad_format("a zstd frame of another size than its plain size");
  return {};
}

Bytes compress(ByteView plain, int level) {
  Bytes out;
  BinaryWriter(out).varint(plain.size());
  const std::size_t head = out.size();
  out.resize(head + ZSTD_compressBound(plain.size()));
  const std::size_t size = ZSTD_compress(out.data() + head, out.size() - head, plain.data(), plain.size(), level);
  OWL_CHECK(ZSTD_isError(size) == 0, ZSTD_getErrorName(size));
  out.resize(head + size);
  return out;
}

Result<Bytes> decompress(ByteView compressed, std::uint64_t limit) {
  BinaryReader reader(compressed);
  const std::uint64_t plain_size = reader.varint();
  if (!reader.ok()) return bad_format("compressed bytes without a size");
  if (plain_size > limit) return bad_format("compressed bytes that claim to be larger than their limit");
  Bytes plain(plain_size);
  auto decoded = ZstdDecoder().decode(Codec::zstd, compressed.subspan(reader.position()), plain);
  if (!decoded) return tl::unexpected(decoded.error());
  return plain;
}

}  // namespace owl::codec
