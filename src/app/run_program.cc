#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "app/command.h"
#include "app/invocation.h"
#include "observe/log.h"
#include "os/system.h"

namespace owl::app {
namespace {

constexpr int done_with_warnings = 3, bad_usage = 2;

void add_global_options(CLI::App& app, GlobalOptions& options) {
  app.add_option("-c,--config", options.config_file, "Configuration file (else OWLBACKUP_CONFIG, ./owlbackup.toml, …)");
  app.add_option("--env-file", options.env_file, "Read the variables of config/backup.env; enough by itself");
  app.add_option("--store", options.store, "Use only this one of the configured stores");
  app.add_flag("--json", options.json, "One JSON document on stdout (long work: a line an event, the result last)");
  app.add_flag("-q,--quiet", options.quiet, "Only results, warnings and errors");
  app.add_flag("-v,--verbose", options.verbose, "Tell more");
  app.add_flag("--no-progress", options.no_progress, "No progress bar");
  app.add_option("--color", options.color, "Colours on a terminal")->check(CLI::IsMember({"auto", "always", "never"}));
  app.set_version_flag("--version", std::string("owlbackup ") + OWL_VERSION);
}

void add_commands(CLI::App& app, Action& action) {
  add_init(app, action);
  add_doctor(app, action);
  add_backup(app, action);
  add_wal(app, action);
  add_list(app, action);
  add_show(app, action);
  add_ls(app, action);
  add_cat(app, action);
  add_restore(app, action);
  add_verify(app, action);
  add_status(app, action);
  add_keys(app, action);
  add_demo(app, action);
  add_completion(app, action);
}

int run_action(const Action& action, const GlobalOptions& options) {
  os::SystemClock clock;
  os::SystemRandom random;
  const os::StopOnSignals signals;
  configure_log(options.verbose ? LogLevel::debug : LogLevel::info, options.json ? LogFormat::json : LogFormat::text);
  Invocation invocation(options, clock, random, signals.token());
  try {
    const int code = action(invocation);
    const bool warned = invocation.output().warnings() > 0 && !invocation.exits_exactly();
    return code == 0 && warned ? done_with_warnings : code;
  } catch (const Error& error) {
    invocation.output().error(error);
    return error.exit_code();
  } catch (const std::exception& error) {
    invocation.output().error(Error(ErrorKind::internal, error.what()));
    return 1;
  }
}

}  // namespace

CLI::App* add_command(CLI::App& parent, const char* name, const char* purpose, const char* example) {
  auto* command = parent.add_subcommand(name, purpose);
  command->footer(std::string("Example:\n  ") + example);
  command->fallthrough();  // global options may stand behind the command, too
  return command;
}

int run_program(int argc, char** argv) {
  GlobalOptions options;
  Action action;
  CLI::App app("owlbackup: backup and point-in-time recovery for PostgreSQL", "owlbackup");
  app.require_subcommand(1);
  add_global_options(app, options);
  add_commands(app, action);
  app.footer("Example:\n  owlbackup init && owlbackup backup cluster && owlbackup list\n"
             "`owlbackup demo` shows a backup and a recovery on a throwaway server.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    const std::string_view first = argc > 1 ? argv[1] : "";
    const auto commands = app.get_subcommands([&](const CLI::App* command) { return command->get_name() == first; });
    const bool unknown = !first.empty() && first.front() != '-' && commands.empty();
    fmt::print(stderr, "owlbackup: {}\n  `owlbackup --help`, or `owlbackup COMMAND --help`, shows what there is.\n",
               unknown ? fmt::format("there is no command \"{}\"", first) : error.what());
    return bad_usage;
  }
  return run_action(action, options);
}

}  // namespace owl::app
