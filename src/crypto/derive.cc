#include "crypto/hkdf.h"
#include "crypto/keys.h"

namespace owl::crypto {
namespace {

/// 96 bytes: one expansion gives the three keys.
NamingKeys naming_keys(const SecretKey& h, ByteView info) {
  const auto keys = hkdf_keys({}, h, info, 3);
  return {keys[0], keys[1], keys[2]};
}

}  // namespace

MetadataKeys derive_metadata_keys(const SecretKey& m) {
  MetadataKeys keys{derive_key(m, "owl1 m seal"),
                    derive_key(m, "owl1 m mac"),
                    derive_key(m, "owl1 m tag"),
                    derive_key(m, "owl1 m psk"),
                    {}};
  std::ranges::copy(hkdf_sha256({}, m.view(), as_bytes("owl1 m commitment"), keys.commitment.size()),
                    keys.commitment.begin());
  return keys;
}

NamingKeys derive_writer_naming(const SecretKey& h, const WriterId& writer) {
  Bytes info = to_bytes(as_bytes("owl1 h writer"));
  append(info, writer);
  return naming_keys(h, info);
}

NamingKeys derive_wal_naming(const SecretKey& h) {
  return naming_keys(h, as_bytes("owl1 h wal"));
}

}  // namespace owl::crypto
