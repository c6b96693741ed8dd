#pragma once

namespace owl::detail {
/// Writes file, line and message to stderr and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* message);
}  // namespace owl::detail

/// A bug is not an error: where an invariant of our own code is broken the process ends at once. Stays on in release
/// builds; the order of writes makes an abort at any point safe for what is stored.
#define OWL_CHECK(condition, message) \
  (static_cast<bool>(condition) ? void() : ::owl::detail::check_failed(__FILE__, __LINE__, #condition, message))
