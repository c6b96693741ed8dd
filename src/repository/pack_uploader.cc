#include "repository/pack_uploader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "codec/hash.h"
#include "crypto/sealed_object.h"
#include "storage/write_once.h"

namespace owl::repository {
namespace {

constexpr std::size_t blob_room = 2 * MiB;
constexpr unsigned buffers_beside_uploads = 2;  ///< one of each class is being filled
/// A pack's first sealed bytes are unlike any other's: they tell after an unclear answer whether it is ours that
/// stands.
constexpr std::size_t identity_size = 64;

std::size_t buffer_size(std::uint64_t pack_bytes) {
  return static_cast<std::size_t>(pack_bytes) + blob_room;
}

ByteArray<32> digest_of(std::span<const ByteView> pieces) {
  codec::Sha256 hash;
  for (const auto piece : pieces) hash.update(piece);
  return hash.digest();
}

}  // namespace

PackUploader::PackUploader(StoreSet& stores, const crypto::HostKeys& keys, Clock& clock, Random& random,
                           Options options, Stored stored)
    : stores_(stores),
      keys_(keys),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      stored_(std::move(stored)),
      free_buffers_(options_.uploads + buffers_beside_uploads),
      filled_(options_.uploads + buffers_beside_uploads),
      tasks_(options_.stop) {
  for (unsigned i = 0; i < options_.uploads + buffers_beside_uploads; ++i) {
    free_buffers_.push(os::AlignedBuffer(buffer_size(options_.pack_bytes)));  // pages come when they are first written
  }
  for (unsigned i = 0; i < std::max(options_.uploads, 1U); ++i) {
    tasks_.add("pack-upload", [this](const std::stop_token& stop) { work(stop); });
  }
}

std::uint64_t PackUploader::largest_pack(std::uint64_t buffer_bytes, unsigned uploads) {
  const std::uint64_t one = buffer_bytes / (uploads + buffers_beside_uploads);
  return std::max<std::uint64_t>(one, blob_room + 1 * MiB) - blob_room;
}

PackUploader::~PackUploader() {
  tasks_.request_stop();
}

os::AlignedBuffer PackUploader::take_buffer(std::size_t blob_size) {
  throw_failure();
  auto buffer = free_buffers_.pop(tasks_.token());
  throw_failure();
  if (!buffer) throw Error(ErrorKind::cancelled, "stopped on request");
  const std::size_t needed = pack_header_size + blob_size + crypto::gcm_tag_size;
  if (buffer->capacity() < needed) *buffer = os::AlignedBuffer(needed);
  buffer->resize(0);
  return std::move(*buffer);
}

void PackUploader::submit(FilledPack pack) {
  {
    const std::lock_guard lock(mutex_);
    ++outstanding_;
  }
  if (filled_.push(std::move(pack), tasks_.token())) return;
  throw_failure();
  throw Error(ErrorKind::cancelled, "stopped on request");
}

void PackUploader::drain() {
  {
    std::unique_lock lock(mutex_);
    progress_.wait(lock, tasks_.token(), [&] { return outstanding_ == 0 || failure_; });
  }
  throw_failure();
  throw_if_stopped(tasks_.token());
}

void PackUploader::work(const std::stop_token& stop) {
  while (auto pack = filled_.pop(stop)) {
    try {
      upload(*pack, stop);
    } catch (...) {
      fail(std::current_exception());
      return;
    }
    give_back(std::move(pack->bytes));
    const std::lock_guard lock(mutex_);
    --outstanding_;
    progress_.notify_all();
  }
}

void PackUploader::upload(FilledPack& pack, const std::stop_token& stop) {
  const auto directory = crypto::seal_object(keys_.current(), keys_.repository, crypto::ObjectType::pack_directory, "",
                                             serialize(pack.directory), random_);
  const auto trailer = pack_trailer(directory.size());
  const std::array<ByteView, 3> pieces{pack.bytes.view(), directory, trailer};
  const PackRef ref{digest_of(pieces), pack.pack_class, month_of(clock_.now()),
                    pack.bytes.size() + directory.size() + trailer.size(),
                    static_cast<std::uint32_t>(directory.size())};
  put_everywhere(ref, pieces, stop);
  stored_(pack.number, ref, pack.directory);
}

void PackUploader::put_everywhere(const PackRef& pack, std::span<const ByteView> pieces, const std::stop_token& stop) {
  const auto key = keys::pack(pack);
  stores_.on_each([&](StoreSet::Member& member) {
    const auto result = storage::create(*member.store, clock_, key, pieces, identity_size, pack.id, stop);
    if (result == storage::CreateResult::created) return;
    throw Error(ErrorKind::integrity,
                fmt::format("store {}: other bytes than this pack's stand at {}", member.name, key));
  });
}

void PackUploader::give_back(os::AlignedBuffer buffer) {
  const auto usual = buffer_size(options_.pack_bytes);
  free_buffers_.push(buffer.capacity() == usual ? std::move(buffer) : os::AlignedBuffer(usual));
}

void PackUploader::fail(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
    progress_.notify_all();
  }
  tasks_.request_stop();  // only now: what the others throw because of it must come second
}

void PackUploader::throw_failure() {
  std::exception_ptr failure;
  {
    const std::lock_guard lock(mutex_);
    failure = failure_;
  }
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    throw Error(error);  // a copy: each thread that meets it adds its own context
  }
}

}  // namespace owl::repository
