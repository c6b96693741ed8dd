// Addresses and connection strings of a configuration.

#include "base/bytes.h"
#include "base/check.h"
#include "config/conninfo.h"
#include "config/location.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(as_text({data, size}));
  (void)config::conninfo_secrets(text);
  // Whatever a password holds, it is found again in what is handed to libpq.
  const auto secrets = config::conninfo_secrets(config::conninfo_term("password", text) + " port=1");
  OWL_CHECK(text.empty() ? secrets.empty() : secrets == std::vector<std::string>{text},
            "a password that would be shown");
  (void)config::wrong_store_url(text);
  (void)config::wrong_endpoint(text);
  (void)config::wrong_web_url(text);
  (void)config::wrong_smtp_url(text);
  (void)config::wrong_listen_address(text);
  (void)config::is_plain_http_elsewhere(text);
  OWL_CHECK(std::string_view(text).starts_with(config::without_trailing_slash(text)), "another place");
  return 0;
}
