#include "base/error.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace owl {

const ErrorTraits& describe(ErrorKind kind) {
  using enum Severity;
  switch (kind) {
    // clang-format off
#define OWL_ROW(name, exit_code, retryable, severity) \
    case ErrorKind::name: { static constexpr ErrorTraits row{#name, exit_code, retryable, severity}; return row; }
    OWL_ROW(usage,          2,   false, error)
    OWL_ROW(config,         2,   false, error)
    OWL_ROW(not_found,      1,   false, error)
    OWL_ROW(already_exists, 1,   false, error)
    OWL_ROW(conflict,       1,   false, critical)
    OWL_ROW(refused,        1,   false, error)
    OWL_ROW(no_key,         1,   false, error)
    OWL_ROW(unreachable,    4,   true,  critical)
    OWL_ROW(denied,         4,   false, critical)
    OWL_ROW(throttled,      4,   true,  warning)
    OWL_ROW(transient,      4,   true,  error)
    OWL_ROW(timeout,        4,   true,  error)
    OWL_ROW(integrity,      5,   false, critical)
    OWL_ROW(disk_full,      1,   false, critical)
    OWL_ROW(io,             1,   false, error)
    OWL_ROW(process,        1,   false, error)
    OWL_ROW(unsupported,    2,   false, error)
    OWL_ROW(cancelled,      130, false, warning)
    OWL_ROW(internal,       1,   false, critical)
#undef OWL_ROW
    // clang-format on
  }
  OWL_CHECK(false, "an ErrorKind without a row");
}

Error::Error(ErrorKind kind, std::string message) : fields_{.kind = kind, .message = std::move(message)} {
  render();
}

// Strings and vectors that are moved to themselves end up empty.
Error& Error::operator=(Error&& other) noexcept {
  if (this != &other) fields_ = std::move(other.fields_);
  return *this;
}

Error& Error::add_context(std::string frame) & {
  fields_.context.push_back(std::move(frame));
  render();
  return *this;
}

Error&& Error::with_context(std::string frame) && {
  add_context(std::move(frame));
  return std::move(*this);
}

Error&& Error::with_hint(std::string hint) && {
  fields_.hint = std::move(hint);
  return std::move(*this);
}

Error&& Error::with_errno(int value) && {
  fields_.errno_value = value;
  fields_.message += ": ";
  fields_.message += strerrordesc_np(value) != nullptr ? strerrordesc_np(value) : "unknown error";
  render();
  return std::move(*this);
}

Error&& Error::with_http_status(int status) && {
  fields_.http_status = status;
  return std::move(*this);
}

Error&& Error::with_sqlstate(std::string state) && {
  fields_.sqlstate = std::move(state);
  return std::move(*this);
}

Error&& Error::with_retry_after_ms(std::int64_t ms) && {
  fields_.retry_after_ms = ms;
  return std::move(*this);
}

const char* Error::what() const noexcept {
  return fields_.rendered.c_str();
}

void Error::render() {
  fields_.rendered.clear();
  for (auto frame = fields_.context.rbegin(); frame != fields_.context.rend(); ++frame) {
    fields_.rendered += *frame;
    fields_.rendered += ": ";
  }
  fields_.rendered += fields_.message;
}

ErrorKind kind_of_errno(int value) {
  switch (value) {
    case ENOENT:
      return ErrorKind::not_found;
    case EEXIST:
      return ErrorKind::already_exists;
    case EACCES:
    case EPERM:
      return ErrorKind::denied;
    case ENOSPC:
    case EDQUOT:
      return ErrorKind::disk_full;
    default:
      return ErrorKind::io;
  }
}

}  // namespace owl
