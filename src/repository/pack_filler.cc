#include "repository/pack_filler.h"

#include <fmt/core.h>

namespace owl::repository {
namespace {

using ContextKind = crypto::SealContextRecord::Kind;

ContextKind context_kind(PackClass pack_class) {
  return pack_class == PackClass::data ? ContextKind::data : ContextKind::metadata;
}

}  // namespace

PackFiller::PackFiller(PackClass pack_class, std::uint64_t pack_bytes, PackUploader& uploader, PackTable& packs,
                       const crypto::HostKeys& keys, Random& random)
    : class_(pack_class), pack_bytes_(pack_bytes), uploader_(uploader), packs_(packs), keys_(keys), random_(random) {}

BlobPlace PackFiller::add(crypto::BlobKind kind, const crypto::BlobName& name, codec::Codec codec, ByteView stored,
                          std::uint32_t plain_size, std::vector<PageCheck> checks) {
  if (stored.size() > largest_blob || plain_size > largest_blob) {
    throw Error(ErrorKind::unsupported, fmt::format("a blob of {} bytes is larger than the format allows", plain_size));
  }
  const std::lock_guard lock(mutex_);
  if (builder_ && !builder_->fits(stored.size())) hand_over();
  if (!builder_) open(stored.size());
  const auto entry = builder_->add(kind, name, codec, stored, plain_size, std::move(checks));
  const BlobPlace place{builder_->number(), entry};
  if (builder_->is_full(pack_bytes_)) hand_over();
  return place;
}

void PackFiller::close() {
  const std::lock_guard lock(mutex_);
  if (builder_) hand_over();
}

void PackFiller::open(std::size_t blob_size) {
  auto buffer = uploader_.take_buffer(blob_size);
  builder_.emplace(packs_.begin(), class_, std::move(buffer),
                   crypto::new_seal_context(keys_, context_kind(class_), random_), keys_.writer);
}

void PackFiller::hand_over() {
  auto filled = std::move(*builder_).finish();
  builder_.reset();
  uploader_.submit(std::move(filled));
}

}  // namespace owl::repository
