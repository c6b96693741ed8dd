// JSON from anywhere: what parses is written and parsed again to the same text.

#include "base/bytes.h"
#include "base/check.h"
#include "codec/json.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = codec::Json::parse(as_text({data, size}));
  if (!json) return 0;
  const std::string text = json->dump();
  const auto again = codec::Json::parse(text);
  OWL_CHECK(again.has_value(), "its own text does not parse");
  OWL_CHECK(again->dump() == text, "its own text parses to something else");
  OWL_CHECK(codec::Json::parse(json->dump(2)).has_value(), "its own indented text does not parse");
  return 0;
}
