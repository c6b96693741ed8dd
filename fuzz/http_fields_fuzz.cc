// Header fields and dates as a server sends them.

#include <cstdlib>

#include "base/bytes.h"
#include "http/client.h"
#include "http/date.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = owl::as_text({data, size});
  owl::http::Headers headers;
  headers.add_line(text);
  for (const auto& header : headers.all()) {
    if (headers.find(header.name) != header.value) std::abort();
  }
  const auto date = owl::http::parse_date(text);
  if (date && date->micros % 1'000'000 != 0) std::abort();
  if (owl::http::origin_of(text).size() > text.size()) std::abort();
  return 0;
}
