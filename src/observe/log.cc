#include "observe/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <mutex>
#include <vector>

#include "observe/log_text.h"

namespace owl {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string pattern_of(LogFormat format) {
  if (format == LogFormat::json) return R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
  return "%Y-%m-%dT%H:%M:%SZ %l %v";
}

/// Sinks without locks of their own: every line is written under the log's one mutex.
std::vector<spdlog::sink_ptr> make_sinks(const std::string& file) {
  std::vector<spdlog::sink_ptr> sinks{std::make_shared<spdlog::sinks::stderr_sink_st>()};
  if (file.empty()) return sinks;
  try {
    sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_st>(file));
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(ErrorKind::config, "cannot write the log file " + file + ": " + error.what());
  }
  return sinks;
}

std::unique_ptr<spdlog::logger> make_logger(LogLevel level, LogFormat format, const std::string& file) {
  const auto sinks = make_sinks(file);
  auto logger = std::make_unique<spdlog::logger>("owlbackup", sinks.begin(), sinks.end());
  logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern_of(format), spdlog::pattern_time_type::utc));
  logger->set_level(spdlog_level(level));
  logger->flush_on(spdlog::level::trace);  // a line that a crash swallows is the one that was needed
  return logger;
}

class Log {
 public:
  void configure(LogLevel level, LogFormat format, const std::string& file) {
    auto logger = make_logger(level, format, file);  // may throw: the old one stays then
    const std::lock_guard lock(mutex_);
    logger_ = std::move(logger);
    format_ = format;
  }

  void add_secret(const Secret& secret) {
    if (secret.empty()) return;
    const std::lock_guard lock(mutex_);
    secrets_.push_back(secret);
  }

  void write(LogLevel level, std::string_view message, std::vector<LogField> fields) {
    const std::lock_guard lock(mutex_);
    if (!logger_->should_log(spdlog_level(level))) return;
    // Before escaping: a secret may hold characters that escaping changes.
    for (auto& field : fields) field.value = detail::redact(field.value, secrets_);
    const auto clean = detail::redact(message, secrets_);
    logger_->log(spdlog_level(level),
                 spdlog::string_view_t(format_ == LogFormat::json ? detail::json_payload(clean, fields)
                                                                  : detail::text_payload(clean, fields)));
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<spdlog::logger> logger_ = make_logger(LogLevel::info, LogFormat::text, {});
  LogFormat format_ = LogFormat::text;
  std::vector<Secret> secrets_;
};

/// Never destroyed, so that destructors of other statics may still log.
Log& log() {
  static Log& the_log = *new Log;
  return the_log;
}

}  // namespace

void configure_log(LogLevel level, LogFormat format, const std::string& file) {
  log().configure(level, format, file);
}
void redact_in_log(const Secret& secret) {
  log().add_secret(secret);
}

void log_debug(std::string_view message, std::initializer_list<LogField> fields) {
  log().write(LogLevel::debug, message, fields);
}
void log_info(std::string_view message, std::initializer_list<LogField> fields) {
  log().write(LogLevel::info, message, fields);
}
void log_warning(std::string_view message, std::initializer_list<LogField> fields) {
  log().write(LogLevel::warning, message, fields);
}
void log_error(std::string_view message, std::initializer_list<LogField> fields) {
  log().write(LogLevel::error, message, fields);
}

void log_error(const Error& error) {
  std::vector<LogField> fields{{"kind", std::string(describe(error.kind()).name)}};
  if (error.http_status() != 0) fields.push_back({"http_status", std::to_string(error.http_status())});
  if (!error.sqlstate().empty()) fields.push_back({"sqlstate", error.sqlstate()});
  if (!error.hint().empty()) fields.push_back({"hint", error.hint()});
  log().write(LogLevel::error, error.what(), std::move(fields));
}

}  // namespace owl
