#include "repository/pack_builder.h"

#include "base/check.h"
#include "base/units.h"

namespace owl::repository {
namespace {

// A directory stays far below the 64 MiB that a reader accepts, and small beside its pack.
constexpr std::size_t most_entries = 65'536;
constexpr std::size_t most_checks = 4 * MiB / sizeof(PageCheck);

}  // namespace

PackBuilder::PackBuilder(std::uint32_t number, PackClass pack_class, os::AlignedBuffer buffer,
                         crypto::NewSealContext context, const crypto::WriterId& writer)
    : filled_{number, pack_class, std::move(buffer), {}}, sealer_(std::move(context.sealer)) {
  filled_.directory.contexts.push_back({context.record, writer});
  filled_.bytes.resize(pack_header_size);
  std::ranges::copy(pack_header(pack_class), filled_.bytes.data());
}

bool PackBuilder::fits(std::size_t stored_size) const {
  return filled_.bytes.size() + stored_size + crypto::gcm_tag_size <= filled_.bytes.capacity();
}

std::uint32_t PackBuilder::add(crypto::BlobKind kind, const crypto::BlobName& name, codec::Codec codec, ByteView stored,
                               std::uint32_t plain_size, std::vector<PageCheck> checks) {
  OWL_CHECK(fits(stored.size()), "a pack's buffer has room for the blob that is added");
  auto& entries = filled_.directory.entries;
  checks_ += checks.size();
  entries.push_back(
      {0, entries.size(), name, kind, codec, plain_size, static_cast<std::uint32_t>(stored.size()), std::move(checks)});
  const std::size_t at = filled_.bytes.size(), sealed_size = stored.size() + crypto::gcm_tag_size;
  filled_.bytes.resize(at + sealed_size);
  sealer_.seal(entries.back().identity(), stored, {filled_.bytes.data() + at, sealed_size});
  return static_cast<std::uint32_t>(entries.size() - 1);
}

bool PackBuilder::is_full(std::uint64_t pack_bytes) const {
  return filled_.bytes.size() >= pack_bytes || filled_.directory.entries.size() >= most_entries ||
         checks_ >= most_checks;
}

}  // namespace owl::repository
