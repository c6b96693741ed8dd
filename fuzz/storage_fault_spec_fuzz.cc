// The specification of injected faults: whatever is accepted must be complete enough to run by.

#include <cstdlib>

#include "base/bytes.h"
#include "storage/fault.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto spec = owl::storage::parse_fault_spec(owl::as_text({data, size}));
  if (!spec) return 0;
  for (const auto& item : spec->items) {
    const bool always = !item.number && !item.percent;
    if (always && item.action != owl::storage::FaultSpec::Action::slow) std::abort();
    if ((item.number && *item.number == 0) || (item.percent && *item.percent > 100)) std::abort();
  }
  return 0;
}
