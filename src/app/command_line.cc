#include "app/command_line.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "app/usage_error.h"

namespace owl::app {
namespace {

/// A default that says something stands in the help.
template <typename T>
CLI::Option* bind(CLI::App& app, const char* names, T& value, const char* help) {
  auto* option = app.add_option(names, value, help);
  if (value != T{}) option->capture_default_str();
  return option;
}

}  // namespace

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::one_of(std::initializer_list<std::string> values) {
  option_->check(CLI::IsMember(std::vector<std::string>(values)));
  return *this;
}

Option& Option::within(std::int64_t least, std::int64_t most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option& Option::excludes(const Option& other) {
  option_->excludes(other.option_);
  return *this;
}

Command Command::add_command(const char* name, const char* purpose, const char* example) {
  auto* command = app_->add_subcommand(name, purpose);
  command->footer(
      std::string("Options of every command (-c, --store, --json, -q, …): owlbackup --help\n\nExample:\n  ") + example);
  command->fallthrough();  // global options may stand behind the command, too
  return {*command, *action_};
}

void Command::require_command() {
  app_->require_subcommand(1);
}

Option Command::option(const char* names, std::string& value, const char* help) {
  return Option(*bind(*app_, names, value, help));
}

Option Command::option(const char* names, std::vector<std::string>& values, const char* help) {
  return Option(*app_->add_option(names, values, help));
}

Option Command::option(const char* names, int& value, const char* help) {
  return Option(*bind(*app_, names, value, help));
}

Option Command::option(const char* names, std::optional<std::uint32_t>& value, const char* help) {
  return Option(*app_->add_option(names, value, help));
}

Option Command::flag(const char* names, bool& value, const char* help) {
  return Option(*app_->add_flag(names, value, help));
}

void Command::runs(Action action) {
  app_->callback([to = action_, action = std::move(action)] { *to = action; });
}

std::string Command::name() const {
  return app_->get_name();
}

std::vector<Command> Command::commands() const {
  std::vector<Command> out;
  for (auto* command : app_->get_subcommands([](CLI::App*) { return true; })) out.emplace_back(*command, *action_);
  return out;
}

std::vector<std::string> Command::option_names() const {
  std::vector<std::string> out;
  for (const auto* option : app_->get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

CommandLine::CommandLine(const char* name, const char* purpose, const char* version)
    : app_(std::make_unique<CLI::App>(purpose, name)) {
  app_->require_subcommand(1);
  app_->set_version_flag("--version", fmt::format("{} {}", name, version));
}
CommandLine::~CommandLine() = default;

Command CommandLine::root() {
  return {*app_, action_};
}

void CommandLine::footer(const char* text) {
  app_->footer(text);
}

std::optional<int> CommandLine::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app_->exit(success);
  } catch (const CLI::ParseError& error) {
    std::vector<std::string> known;
    for (const auto& command : root().commands()) known.push_back(command.name());
    return report_usage_error({argv, static_cast<std::size_t>(argc)}, error.what(), known);
  }
  return std::nullopt;
}

}  // namespace owl::app
