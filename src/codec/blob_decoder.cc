#include "codec/blob_decoder.h"

namespace owl::codec {

Result<void> BlobDecoder::decode(Codec codec, ByteView stored, MutableBytes plain) {
  switch (codec) {
    case Codec::stored:
    case Codec::zstd:
      return zstd_.decode(codec, stored, plain);
    case Codec::pages:
      return pages_.decode(stored, plain);
    case Codec::wal:
      if (!wal_) wal_.emplace();
      return wal_->decode(stored, plain);
  }
  return bad_format("a blob with an unknown codec");
}

}  // namespace owl::codec
