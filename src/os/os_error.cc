#include "os/os_error.h"

#include <fmt/core.h>

namespace owl::os {

Error errno_error(std::string_view doing, std::string_view name, int value) {
  auto error = Error(kind_of_errno(value), fmt::format("cannot {} {}", doing, name)).with_errno(value);
  if (error.kind() == ErrorKind::disk_full) return std::move(error).with_hint("Free space, or raise the quota.");
  return error;
}

void throw_errno(std::string_view doing, std::string_view name, int value) {
  throw errno_error(doing, name, value);
}

}  // namespace owl::os
