// The newest manifests that this host remembers, and a head as people type it.

#include "repository/head.h"
#include "round_trip.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  fuzz::check_round_trip(input, repository::parse_heads);
  if (const auto heads = repository::parse_heads(input)) {
    for (const auto& [source, remembered] : *heads) {
      const auto& head = remembered.newest;
      OWL_CHECK(repository::head_matches(head, repository::to_text(head)), "a head that is not itself");
      (void)repository::head_matches(head, source);
    }
  }
  return 0;
}
