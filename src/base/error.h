#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace owl {

/// What kind of thing went wrong. The kind alone decides the exit code, whether trying again can help, and how loudly
/// it is told (see `describe`). Add a row to the table in error.cc with every new kind.
enum class ErrorKind {
  usage,           ///< the command line is wrong
  config,          ///< the configuration is wrong
  not_found,       ///< a named thing does not exist (a backup, an object, a segment)
  already_exists,  ///< a thing that must not exist does
  conflict,        ///< other bytes stand where these should go; another cluster or run was here
  refused,         ///< a precondition is not met; nothing was changed
  no_key,          ///< the secret that opens this is not at hand
  unreachable,     ///< the store or PostgreSQL can't be reached
  denied,          ///< it can be reached, and says no: credentials, rights
  throttled,       ///< it asks for patience (429, 503 SlowDown)
  transient,       ///< it failed in a way that a later try may mend (5xx, a cut connection)
  timeout,         ///< a deadline passed
  integrity,       ///< what is stored is damaged, forged or missing
  disk_full,       ///< no space, or no quota, left
  io,              ///< a local file operation failed
  process,         ///< a child process failed
  unsupported,     ///< a version, format or platform this program can't handle
  cancelled,       ///< somebody asked to stop
  internal,        ///< an outcome that should not be possible
};

enum class Severity { warning, error, critical };

/// The one table from kind to consequences.
struct ErrorTraits {
  std::string_view name;
  int exit_code;   ///< of the process, as docs/cli.md lists them
  bool retryable;  ///< the same attempt may succeed later
  Severity severity;
};
const ErrorTraits& describe(ErrorKind kind);

/// An exception that ends a unit of work. `message` says what happened, to what and why, in one sentence; frames added
/// on the way up (`add_context`) say what was being attempted; `hint` says what to do next. Never holds a secret.
/// Value type; copyable; no thread rules. `error = std::move(error).with_hint(…)` keeps what it held.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message);
  Error(const Error&) = default;
  Error(Error&&) noexcept = default;
  Error& operator=(const Error&) = default;
  Error& operator=(Error&& other) noexcept;
  ~Error() override = default;

  Error& add_context(std::string frame) &;  ///< "while storing pack 4f…": outermost is added last
  Error&& with_context(std::string frame) &&;
  Error&& with_hint(std::string hint) &&;
  Error&& with_errno(int value) &&;  ///< appends strerror to the message
  Error&& with_http_status(int status) &&;
  Error&& with_sqlstate(std::string state) &&;
  Error&& with_retry_after_ms(std::int64_t ms) &&;

  ErrorKind kind() const { return fields_.kind; }
  const std::string& message() const { return fields_.message; }
  const std::string& hint() const { return fields_.hint; }
  const std::vector<std::string>& context() const { return fields_.context; }
  int errno_value() const { return fields_.errno_value; }
  int http_status() const { return fields_.http_status; }
  const std::string& sqlstate() const { return fields_.sqlstate; }
  /// What the server asked for by Retry-After; 0 where it asked for nothing.
  std::int64_t retry_after_ms() const { return fields_.retry_after_ms; }
  bool retryable() const { return describe(fields_.kind).retryable; }
  int exit_code() const { return describe(fields_.kind).exit_code; }

  /// Context frames, outermost first, then the message, joined by ": ". Without the hint.
  const char* what() const noexcept override;

 private:
  void render();

  /// All of it in one value, so that an assignment can't forget a part.
  struct Fields {
    ErrorKind kind;
    std::string message, hint = {}, sqlstate = {}, rendered = {};
    std::vector<std::string> context = {};
    int errno_value = 0, http_status = 0;
    std::int64_t retry_after_ms = 0;
  };
  Fields fields_;
};

/// Runs `body`; an Error that leaves it gets `frame` as context. `frame` is a callable so that it costs nothing else.
template <typename Body, typename Frame>
decltype(auto) in_context(Frame&& frame, Body&& body) {
  try {
    return body();
  } catch (Error& error) {
    error.add_context(frame());
    throw;
  }
}

/// The kind that fits an errno of a file operation: ENOENT not_found, EEXIST already_exists, EACCES/EPERM denied,
/// ENOSPC/EDQUOT disk_full, anything else io.
ErrorKind kind_of_errno(int value);

}  // namespace owl
