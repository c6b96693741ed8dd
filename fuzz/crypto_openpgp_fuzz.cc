// The scan of OpenPGP packets: never reads past the end, and its two answers agree.
#include <algorithm>

#include "base/check.h"
#include "crypto/wrap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const owl::ByteView message(data, size);
  const auto tags = owl::crypto::openpgp_packet_tags(message);
  const auto ids = owl::crypto::openpgp_key_ids(message);
  for (const auto& id : ids) OWL_CHECK(id.size() == 16, "a key id has 16 digits");
  if (!tags) return 0;
  OWL_CHECK(!tags->empty() && tags->size() <= size, "more packets than bytes");
  OWL_CHECK(std::ranges::count(*tags, 1) >= static_cast<std::ptrdiff_t>(ids.size()), "a key id without its packet");
  return 0;
}
