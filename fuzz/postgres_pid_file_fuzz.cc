// postmaster.pid: written by a server, or by whoever owns the directory.

#include "base/bytes.h"
#include "base/check.h"
#include "postgres/pid_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = owl::postgres::parse_pid_file(owl::as_text({data, size}));
  if (file) OWL_CHECK(file->pid > 0 && file->started >= 0, "a process that can't be");
  return 0;
}
