// What gpg prints: user ids in it are anybody's text.
#include "base/check.h"
#include "crypto/gpg.h"
#include "crypto/gpg_key_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = owl::as_text(owl::ByteView(data, size));
  for (const auto& certificate : owl::crypto::parse_key_list(text)) {
    (void)owl::crypto::why_unusable(certificate.primary, {});
    OWL_CHECK(certificate.user_id.find('\n') == std::string::npos, "a user id that starts a line of its own");
  }
  (void)owl::crypto::gpg_status(text, "NO_SECKEY");
  OWL_CHECK(owl::crypto::gpg_complaint(text).find('\n') == std::string::npos, "a complaint is one line");
  return 0;
}
