#pragma once

#include <cerrno>
#include <string_view>

#include "base/error.h"

namespace owl::os {

/// The Error of a system call that failed: "cannot <doing> <name>: <strerror>". Its kind is kind_of_errno's.
Error errno_error(std::string_view doing, std::string_view name, int value);
[[noreturn]] void throw_errno(std::string_view doing, std::string_view name, int value = errno);

/// The name is not there: nothing by that name, or a file where one of its folders should be.
inline bool means_absent(int value) {
  return value == ENOENT || value == ENOTDIR;
}

/// Repeats a system call that a signal interrupted.
template <typename Call>
auto retry_eintr(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace owl::os
