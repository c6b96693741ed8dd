#include "support/run.h"

#include <ostream>

#include "os/process.h"
#include "os/system.h"

namespace owl::test {

std::ostream& operator<<(std::ostream& stream, const RunResult& result) {
  return stream << "exit code " << result.exit_code << "\n--- stdout\n" << result.out << "\n--- stderr\n" << result.err;
}

RunResult run(std::vector<std::string> argv, RunOptions options) {
  os::ProcessOptions process{
      .argv = std::move(argv), .extra_env = std::move(options.env), .working_folder = std::move(options.cwd)};
  if (os::is_root()) process.user = std::move(options.user);
  // The test's own folder needn't be open to that user.
  if (process.user && process.working_folder.empty()) process.working_folder = "/";
  constexpr std::size_t largest_output = 1u << 30;  // pg_waldump of a busy server
  auto result = os::run_process(std::move(process), as_bytes(options.input), options.deadline, {}, largest_output);
  return {.exit_code = result.exit_code, .out = std::string(as_text(result.output)), .err = std::move(result.errors)};
}

std::string run_ok(std::vector<std::string> argv, RunOptions options) {
  const std::string name = argv.empty() ? "" : argv[0];
  auto result = run(std::move(argv), std::move(options));
  if (result.exit_code != 0) {
    throw Error(ErrorKind::process,
                name + " ended with " + std::to_string(result.exit_code) + ": " + result.err + result.out);
  }
  return std::move(result.out);
}

}  // namespace owl::test
