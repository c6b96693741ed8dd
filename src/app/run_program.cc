#include "app/command.h"
#include "app/invocation.h"
#include "observe/log.h"
#include "os/system.h"

namespace owl::app {
namespace {

constexpr int done_with_warnings = 3;

void add_global_options(Command app, GlobalOptions& options) {
  app.option("-c,--config", options.config_file, "Configuration file (else OWLBACKUP_CONFIG, ./owlbackup.toml, …)");
  app.option("--env-file", options.env_file, "Read the variables of config/backup.env; enough by itself");
  app.option("--store", options.store, "Use only this one of the configured stores");
  app.flag("--json", options.json, "One JSON document on stdout (long work: a line an event, the result last)");
  app.flag("-q,--quiet", options.quiet, "Only results, warnings and errors");
  app.flag("-v,--verbose", options.verbose, "Tell more");
  app.flag("--no-progress", options.no_progress, "No progress bar");
  app.option("--color", options.color, "Colours on a terminal").one_of({"auto", "always", "never"});
}

void add_commands(Command app) {
  add_init(app);
  add_doctor(app);
  add_backup(app);
  add_wal(app);
  add_list(app);
  add_show(app);
  add_ls(app);
  add_cat(app);
  add_restore(app);
  add_verify(app);
  add_status(app);
  add_keys(app);
  add_serve(app);
  add_demo(app);
  add_completion(app);
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

int run_program(int argc, char** argv) {
  GlobalOptions options;
  CommandLine line("owlbackup", "owlbackup: backup and point-in-time recovery for PostgreSQL", OWL_VERSION);
  add_global_options(line.root(), options);
  add_commands(line.root());
  line.footer(
      "Example:\n  owlbackup init && owlbackup backup cluster && owlbackup list\n"
      "`owlbackup demo` shows a backup and a recovery on a throwaway server.");
  if (const auto decided = line.parse(argc, argv)) return *decided;
  return run_action(line.action(), options);
}

}  // namespace owl::app
