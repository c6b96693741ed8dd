// What a client of the WAL service sends.

#include "base/bytes.h"
#include "base/check.h"
#include "wal/service_request.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  const auto request = wal::parse_service_request(text);
  if (!request) return 0;
  OWL_CHECK(wal::to_text(*request) == text.substr(0, text.find('\n')), "another request");
  OWL_CHECK(request->file_name.find('/') == std::string::npos, "a file in another folder");
  return 0;
}
