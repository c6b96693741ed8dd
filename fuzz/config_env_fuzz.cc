// The bytes of backup.env: parsed, translated into keys and put into settings. What refers to a file is left out, so
// that no input reads any.
#include <algorithm>

#include "base/bytes.h"
#include "config/conninfo.h"
#include "config/entries.h"
#include "config/env_file.h"
#include "config/original_names.h"

namespace {

void translate(const std::vector<owl::config::EnvVariable>& variables) {
  const owl::config::Variables::Environment environment;
  const owl::config::Variables references(environment, variables);
  owl::config::Entries entries;
  entries.add(owl::config::translate_env_file(variables, "backup.env", references));
  entries.drop_unused_implied();
  entries.resolve(references);
  entries.complete_stores(references);
  const auto settings = entries.settings();
  (void)owl::config::conninfo_secrets(settings.postgres.connection);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto variables = owl::config::parse_env_file(owl::as_text({data, size}), "backup.env");
  if (!variables) return 0;
  std::erase_if(*variables, [](const auto& variable) { return variable.value.find("file:") != std::string::npos; });
  try {
    translate(*variables);
  } catch (const owl::Error& error) {
    if (error.kind() != owl::ErrorKind::config) __builtin_trap();
  }
  return 0;
}
