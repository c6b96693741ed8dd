// Times, sizes and durations as people type them.

#include "base/bytes.h"
#include "base/check.h"
#include "base/time.h"
#include "base/units.h"

using namespace owl;

namespace {

void check_time(std::string_view text) {
  if (const auto time = parse_time(text, {1'790'000'000'000'000})) {
    for (const auto& written : {to_iso(*time), to_postgres(*time)}) {
      const auto again = parse_time(written, {});
      OWL_CHECK(again && *again == *time, "another moment");
    }
  }
  if (const auto time = parse_compact(text)) OWL_CHECK(to_compact(*time) == text, "another second");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  check_time(text);
  (void)parse_bytes(text);
  if (const auto duration = parse_duration(text)) OWL_CHECK(duration->count() >= 0, "less than no time");
  return 0;
}
