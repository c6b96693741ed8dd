#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace owl::app {

class Invocation;

/// What a parsed command line asks for. Returns the exit code (0, or 5 for what was found damaged, and so on); warnings
/// make a 0 into a 3.
using Action = std::function<int(Invocation&)>;

/// An option or positional argument, while it is declared.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}
  Option& required();
  Option& one_of(std::initializer_list<std::string> values);
  Option& within(std::int64_t least, std::int64_t most);
  /// Neither may stand beside the other.
  Option& excludes(const Option& other);

 private:
  CLI::Option* option_;
};

/// One command of the command line: what it is for and what it takes. A narrow front of CLI11, whose headers cost each
/// source that includes them ten seconds of compilation: command_line.cc alone does.
///
/// Names are CLI11's: "-c,--config" an option, "ID" a positional argument. What is bound must outlive the parse; a
/// value that is set already is the default and stands in the help.
class Command {
 public:
  Command(CLI::App& app, Action& action) : app_(&app), action_(&action) {}

  /// A subcommand with its one-line purpose and, in its footer, an example.
  Command add_command(const char* name, const char* purpose, const char* example);
  /// This command is nothing without one of its subcommands.
  void require_command();

  Option option(const char* names, std::string& value, const char* help);
  Option option(const char* names, std::vector<std::string>& values, const char* help);
  Option option(const char* names, int& value, const char* help);
  Option option(const char* names, std::optional<std::uint32_t>& value, const char* help);
  Option flag(const char* names, bool& value, const char* help);

  /// What is done when this command was given.
  void runs(Action action);

  std::string name() const;
  std::vector<Command> commands() const;
  std::vector<std::string> option_names() const;  ///< the long ones, with their dashes

 private:
  CLI::App* app_;
  Action* action_;
};

/// The whole command line, `owlbackup …`.
class CommandLine {
 public:
  CommandLine(const char* name, const char* purpose, const char* version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;

  Command root();
  void footer(const char* text);
  /// The exit code where the command line itself decides it: 0 after --help and --version, that of report_usage_error
  /// after a mistake. nullopt: `action` is to be run.
  std::optional<int> parse(int argc, char** argv);
  const Action& action() const { return action_; }

 private:
  std::unique_ptr<CLI::App> app_;
  Action action_;
};

}  // namespace owl::app
