#pragma once

#include <cstdint>
#include <vector>

#include "crypto/blob_seal.h"
#include "os/aligned_buffer.h"
#include "repository/pack.h"

namespace owl::repository {

/// A pack without its directory's sealed form: what is handed to the upload.
struct FilledPack {
  std::uint32_t number = 0;  ///< in the run's PackTable
  PackClass pack_class{};
  os::AlignedBuffer bytes;  ///< header and sealed blobs
  PackDirectory directory;
};

/// One pack while it is filled: every blob is sealed where it will lie. Each pack has a seal context of its own, so its
/// counters begin at zero. One thread at a time.
class PackBuilder {
 public:
  PackBuilder(std::uint32_t number, PackClass pack_class, os::AlignedBuffer buffer, crypto::NewSealContext context,
              const crypto::WriterId& writer);

  /// Is there room for another blob of that stored size?
  bool fits(std::size_t stored_size) const;
  /// Returns the number of the new entry.
  std::uint32_t add(crypto::BlobKind kind, const crypto::BlobName& name, codec::Codec codec, ByteView stored,
                    std::uint32_t plain_size, std::vector<PageCheck> checks);
  /// Should it be closed: is it that large, or its directory as large as a reader may expect?
  bool is_full(std::uint64_t pack_bytes) const;
  std::uint32_t number() const { return filled_.number; }
  FilledPack finish() && { return std::move(filled_); }

 private:
  FilledPack filled_;
  crypto::BlobSealer sealer_;
  std::size_t checks_ = 0;  ///< in all entries
};

}  // namespace owl::repository
