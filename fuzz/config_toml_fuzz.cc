// The bytes of a configuration file: parsed, put into settings and checked. References are left as they are, so that no
// input reads files.

#include "base/bytes.h"
#include "config/entries.h"
#include "config/toml_file.h"
#include "config/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto given = owl::config::parse_toml(owl::as_text({data, size}), "owlbackup.toml");
  if (!given) return 0;
  owl::config::Entries entries;
  entries.add(std::move(*given));
  try {
    owl::config::validate(entries.settings(), entries);
  } catch (const owl::Error& error) {
    if (error.kind() != owl::ErrorKind::config) __builtin_trap();
  }
  return 0;
}
