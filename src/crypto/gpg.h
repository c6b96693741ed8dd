#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "crypto/wrap.h"
#include "os/process.h"

namespace owl::crypto {

/// What gpg is to do. It always gets binary input on its stdin and gives its result on its stdout. Internal to this
/// module.
struct GpgCall {
  std::vector<std::string> arguments;
  ByteView input = {};
  std::chrono::milliseconds deadline = std::chrono::minutes(2);
  std::stop_token stop = {};
};

/// A non-zero exit is in the result. Passes our terminal's name on as GPG_TTY, so that the agent's pinentry can ask
/// there although gpg's own stdin is a pipe.
os::ProcessResult run_gpg(const GpgOptions& gpg, const GpgCall& call);

/// What gpg complained of, as one line: its messages without "gpg: " and without status lines.
std::string gpg_complaint(std::string_view errors);
/// The arguments of each status line ("[GNUPG:] <keyword> <arguments>") with that keyword.
std::vector<std::string> gpg_status(std::string_view errors, std::string_view keyword);
/// How a person would start it: "gpg", or "gpg --homedir /…".
std::string gpg_command(const GpgOptions& gpg);

}  // namespace owl::crypto
