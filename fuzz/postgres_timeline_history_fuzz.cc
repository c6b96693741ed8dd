// Timeline history files, and the way through the timelines that they describe.

#include "base/check.h"
#include "postgres/timeline_history.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto switches = postgres::parse_timeline_history({data, size});
  if (!switches || switches->empty() || switches->back().timeline == 0xffffffff) return 0;
  const postgres::TimelinePath path(switches->back().timeline + 1, *switches);
  postgres::Lsn end;
  for (const auto& stretch : path.stretches()) {
    OWL_CHECK(stretch.begin == end && stretch.end > stretch.begin, "the path has a hole");
    OWL_CHECK(path.at(stretch.begin) == stretch.timeline, "a byte has another owner");
    end = stretch.end;
  }
  return 0;
}
