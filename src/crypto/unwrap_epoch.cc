#include <fmt/core.h>

#include "crypto/wipe.h"
#include "crypto/wrap.h"

namespace owl::crypto {
namespace {

Bytes unwrap_by_passphrase(const UnwrapSources& sources, ByteView wrapped) {
  if (!sources.passphrase) {
    throw Error(ErrorKind::no_key, "it opens with the repository's passphrase, and there is no way to ask for it");
  }
  return unwrap_passphrase(sources.passphrase(), wrapped);
}

Bytes unwrap(const UnwrapSources& sources, std::string_view object_name, ByteView wrapped) {
  if (object_name.ends_with(".pgp")) return unwrap_openpgp(sources.gpg, wrapped, sources.stop);
  if (object_name.ends_with(".pass")) return unwrap_by_passphrase(sources, wrapped);
  if (object_name.ends_with(".clear")) return to_bytes(wrapped);
  throw Error(ErrorKind::unsupported, "nothing is known that opens a wrap with this ending");
}

}  // namespace

EpochSecrets unwrap_epoch(const UnwrapSources& sources, std::string_view object_name, ByteView wrapped) {
  const auto where = [&] { return fmt::format("while opening {}", object_name); };
  return in_context(where, [&] {
    auto secrets = unwrap(sources, object_name, wrapped);
    const WipeAtEnd wipe(secrets);
    return value_or_throw(parse_epoch_secrets(secrets));
  });
}

}  // namespace owl::crypto
