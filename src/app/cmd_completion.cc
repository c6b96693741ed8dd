#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "app/command.h"
#include "app/invocation.h"

namespace owl::app {
namespace {

/// Words after each command path, read off the parser itself: completion can't lag behind the commands.
void collect(const CLI::App& app, const std::string& path, std::vector<std::pair<std::string, std::string>>& out) {
  std::string words;
  for (const auto* command : app.get_subcommands(nullptr)) words += command->get_name() + " ";
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) words += "--" + name + " ";
  }
  out.emplace_back(path, words);
  for (const auto* command : app.get_subcommands(nullptr)) collect(*command, path + "/" + command->get_name(), out);
}

std::string cases(const CLI::App& app) {
  std::vector<std::pair<std::string, std::string>> table;
  collect(app, "", table);
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

std::string fish(const CLI::App& app) {
  std::vector<std::pair<std::string, std::string>> table;
  collect(app, "", table);
  std::string out = "# fish completion of owlbackup:  owlbackup completion fish | source\n";
  for (const auto& [path, words] : table) {
    const auto name = path.substr(path.rfind('/') + 1);
    const auto when = path.empty() ? std::string("__fish_use_subcommand") : fmt::format("__fish_seen_subcommand_from {}", name);
    out += fmt::format("complete -c owlbackup -n '{}' -a '{}'\n", when, words);
  }
  return out;
}

}  // namespace

void add_completion(CLI::App& app, Action& action) {
  auto* command = add_command(app, "completion", "Shell completion, to be sourced", "source <(owlbackup completion bash)");
  const auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, &action, shell] {
    std::string text = *shell == "fish" ? fish(app) : fmt::format("{}{}{}", bash_head, cases(app), bash_tail);
    if (*shell == "zsh") text = "autoload -U +X bashcompinit && bashcompinit\n" + text;
    action = [text = std::move(text)](Invocation&) {
      fmt::print("{}", text);
      return 0;
    };
  });
}

}  // namespace owl::app
