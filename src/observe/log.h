#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace owl {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

/// One structured field of a log line.
struct LogField {
  std::string_view name;
  std::string value;
};

/// The process's log on stderr (and in a file where asked), one line an event. Thread-safe; the functions below are
/// the only global of the program, as the C library's stderr is.
void configure_log(LogLevel level, LogFormat format, const std::string& file = {});
/// Whatever is registered here is replaced by *** in every line, message or field, for the process's life.
void redact_in_log(const Secret& secret);

void log_debug(std::string_view message, std::initializer_list<LogField> fields = {});
void log_info(std::string_view message, std::initializer_list<LogField> fields = {});
void log_warning(std::string_view message, std::initializer_list<LogField> fields = {});
void log_error(std::string_view message, std::initializer_list<LogField> fields = {});
/// The error's text, kind and hint as fields.
void log_error(const Error& error);

}  // namespace owl
