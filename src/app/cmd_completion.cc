#include <fmt/core.h>

#include "app/command.h"
#include "app/invocation.h"

namespace owl::app {
namespace {

/// Words after each command path, read off the parser itself: completion can't lag behind the commands.
void collect(const Command& command, const std::string& path, std::vector<std::pair<std::string, std::string>>& out) {
  std::string words;
  for (const auto& each : command.commands()) words += each.name() + " ";
  for (const auto& name : command.option_names()) words += name + " ";
  out.emplace_back(path, words);
  for (const auto& each : command.commands()) collect(each, path + "/" + each.name(), out);
}

std::string cases(const Command& command) {
  std::vector<std::pair<std::string, std::string>> table;
  collect(command, "", table);
  std::string out;
  for (const auto& [path, words] : table) out += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, words);
  return out;
}

constexpr std::string_view bash_head = R"(# bash completion of owlbackup:  source <(owlbackup completion bash)
_owlbackup() {
  local path="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in -*) ;; *) path="$path/${COMP_WORDS[i]}" ;; esac
  done
  case "$path" in
)";
constexpr std::string_view bash_tail = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
  [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -F _owlbackup owlbackup
)";

std::string fish(const Command& command) {
  std::vector<std::pair<std::string, std::string>> table;
  collect(command, "", table);
  std::string out = "# fish completion of owlbackup:  owlbackup completion fish | source\n";
  for (const auto& [path, words] : table) {
    const auto name = path.substr(path.rfind('/') + 1);
    const auto when =
        path.empty() ? std::string("__fish_use_subcommand") : fmt::format("__fish_seen_subcommand_from {}", name);
    out += fmt::format("complete -c owlbackup -n '{}' -a '{}'\n", when, words);
  }
  return out;
}

}  // namespace

void add_completion(Command& app) {
  auto command =
      app.add_command("completion", "Shell completion, to be sourced", "source <(owlbackup completion bash)");
  const auto shell = std::make_shared<std::string>();
  command.option("SHELL", *shell, "bash, zsh or fish").required().one_of({"bash", "zsh", "fish"});
  command.runs([app, shell](Invocation&) {
    if (*shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
    fmt::print("{}", *shell == "fish" ? fish(app) : fmt::format("{}{}{}", bash_head, cases(app), bash_tail));
    return 0;
  });
}

}  // namespace owl::app
