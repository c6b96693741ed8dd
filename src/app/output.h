#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "codec/json.h"
#include "observe/monitor.h"

namespace owl::app {

struct OutputOptions {
  bool json = false, quiet = false, verbose = false, progress = true, color = false;
};

/// What a command tells: people's text and JSON results on stdout, progress, notes and warnings on stderr. With `json`
/// exactly one document, or for long work one line an event and the result last.
class Output {
 public:
  Output(OutputOptions options, Clock& clock);
  ~Output();

  bool json() const { return options_.json; }
  Monitor& monitor();
  /// Long work: with --json, phases, notes and warnings become events, one line each. Others keep stdout for the one
  /// document.
  void stream_events();
  std::size_t warnings() const;

  /// A line for people; silent with --json and --quiet.
  void say(std::string_view line);
  /// The result: printed as JSON with --json, else ignored.
  void result(const codec::Json& document);
  /// Rows under headings, columns aligned; silent with --json.
  void table(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows);
  /// An error as people or scripts want it, on stderr or as the JSON result.
  void error(const Error& error);
  /// Ends the progress line, so that other text can follow.
  void clear_progress();

 private:
  class Listener;
  OutputOptions options_;
  std::unique_ptr<Listener> listener_;
};

/// stdin without echo, from the terminal. Throws Error(no_key) where there is none.
Secret ask_passphrase(std::string_view prompt);

}  // namespace owl::app
