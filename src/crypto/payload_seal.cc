#include "crypto/payload_seal.h"

#include <fmt/core.h>

#include "crypto/epoch_binding.h"
#include "crypto/frames.h"

namespace owl::crypto {
namespace {

/// Frame n is HPKE's message n; its associated data says whether another follows.
FrameBinder binder(const HpkeContext& context) {
  return [&context](std::uint64_t number, bool last) {
    static constexpr ByteArray<1> more_follow{0}, is_last{1};
    return FrameBinding{context.nonce(number), last ? is_last : more_follow};
  };
}

Bytes payload_info(const RepositoryId& repository, std::uint32_t epoch, std::string_view path) {
  return epoch_info("owl1 payload", repository, epoch, as_bytes(path));
}

}  // namespace

SealedPayload seal_payload(const HostKeys& keys, std::string_view path, ByteView plain, Random& random) {
  const HostEpoch& epoch = keys.current();
  const auto sender = setup_for_epoch(epoch, payload_info(keys.repository, epoch.epoch, path), random);
  SealedPayload payload{sender.encapsulated_key, {}};
  seal_frames(sender.context.key, binder(sender.context), plain, payload.frames);
  return payload;
}

Bytes open_payload(std::span<const EpochSecrets> secrets, std::uint32_t epoch, const ByteArray<32>& encapsulated_key,
                   std::string_view path, ByteView frames) {
  const auto where = [&] { return std::string(path); };
  return in_context(where, [&] {
    const EpochSecrets& own = secrets_of(secrets, epoch);
    const auto context = open_for_epoch(own, encapsulated_key, payload_info(own.repository, epoch, path));
    auto plain = open_frames(context.key, binder(context), frames);
    if (!plain) throw Error(ErrorKind::integrity, "the payload is damaged, or was sealed for another place");
    return std::move(*plain);
  });
}

std::uint64_t sealed_payload_size(std::uint64_t plain_size) {
  return framed_size(plain_size);
}

}  // namespace owl::crypto
