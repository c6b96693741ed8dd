#include "crypto/gpg.h"

#include <unistd.h>

#include <array>
#include <optional>

#include "base/text.h"
#include "os/system.h"

namespace owl::crypto {
namespace {

constexpr std::string_view status_prefix = "[GNUPG:] ";
constexpr std::size_t longest_complaint = 500;

std::optional<std::string> our_terminal() {
  std::array<char, 256> name;
  for (const int fd : {STDIN_FILENO, STDERR_FILENO, STDOUT_FILENO}) {
    if (::ttyname_r(fd, name.data(), name.size()) == 0) return std::string(name.data());
  }
  return std::nullopt;
}

void pass_terminal(os::ProcessOptions& options) {
  if (os::environment("GPG_TTY")) return;
  if (const auto terminal = our_terminal()) options.extra_env["GPG_TTY"] = *terminal;
}

}  // namespace

os::ProcessResult run_gpg(const GpgOptions& gpg, const GpgCall& call) {
  os::ProcessOptions options{.argv = {gpg.program}};
  if (!gpg.home.empty()) {
    options.argv.emplace_back("--homedir");
    options.argv.push_back(gpg.home.native());
  }
  options.argv.insert(options.argv.end(), call.arguments.begin(), call.arguments.end());
  pass_terminal(options);
  return os::run_process(std::move(options), call.input, call.deadline, call.stop);
}

std::string gpg_complaint(std::string_view errors) {
  std::string out;
  for (auto line : split(errors, '\n')) {
    if (line.starts_with(status_prefix)) continue;
    if (line.starts_with("gpg: ")) line.remove_prefix(5);
    line = trim(line);
    if (line.empty()) continue;
    if (!out.empty()) out += "; ";
    out += line;
  }
  if (out.size() > longest_complaint) out = out.substr(0, longest_complaint) + "…";
  return out.empty() ? "it gave no reason" : out;
}

std::vector<std::string> gpg_status(std::string_view errors, std::string_view keyword) {
  std::vector<std::string> found;
  for (auto line : split(errors, '\n')) {
    if (!line.starts_with(status_prefix)) continue;
    line.remove_prefix(status_prefix.size());
    if (!line.starts_with(keyword)) continue;
    line.remove_prefix(keyword.size());
    if (line.empty() || line.front() == ' ') found.emplace_back(trim(line));
  }
  return found;
}

std::string gpg_command(const GpgOptions& gpg) {
  return gpg.home.empty() ? gpg.program : gpg.program + " --homedir " + gpg.home.native();
}

}  // namespace owl::crypto
