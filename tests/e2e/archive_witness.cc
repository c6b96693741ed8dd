#include "e2e/archive_witness.h"

#include <fstream>

#include "e2e/files.h"
#include "support/environment.h"

namespace owl::test {

namespace fs = std::filesystem;

namespace {

/// Killed in the midst of a copy it leaves a file of another name; killed before the mark it will be asked again.
constexpr auto script = R"(#!/bin/sh
path=$1 name=$2 folder=$(dirname "$0")
if [ ! -e "$folder/copies/$name" ]; then
  cp --sparse=always "$path" "$folder/unfinished.$$" && mv "$folder/unfinished.$$" "$folder/copies/$name" || exit 1
elif ! cmp -s "$path" "$folder/copies/$name"; then
  : > "$folder/changed/$name"
fi
OWLBACKUP_CONFIG=@config@ @owl-wal@ --socket @socket@ push "$path" || exit $?
: > "$folder/marks/$name"
)";

std::string with(std::string text, const std::string& what, const std::string& value) {
  return text.replace(text.find(what), what.size(), value);
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

}  // namespace

ArchiveWitness::ArchiveWitness(Site& site) : site_(site), folder_(site.make("witness")) {
  for (const auto* name : {"witness/copies", "witness/changed", "witness/marks"}) site.make(name);
  const auto command = folder_ / "archive";
  std::ofstream(command) << with(
      with(with(script, "@config@", site.config()), "@owl-wal@", site.programs() / "owl-wal"), "@socket@",
      site.socket());
  fs::permissions(command, fs::perms::owner_all);
  give_to_server_user(command);
  site.psql("ALTER SYSTEM SET archive_command = '" + command.string() + " %p %f'; SELECT pg_reload_conf();");
  site.archive();
}

std::set<std::string> ArchiveWitness::acknowledged() const {
  auto names = names_in(folder_ / "marks");
  constexpr std::string_view done = ".done";
  for (const auto& status : names_in(site_.server().data_dir() / "pg_wal/archive_status")) {
    if (!status.ends_with(done)) continue;
    const auto name = status.substr(0, status.size() - done.size());
    if (fs::exists(copy_of(name))) names.insert(name);
  }
  return names;
}

std::vector<std::string> ArchiveWitness::changed() const {
  const auto names = names_in(folder_ / "changed");
  return {names.begin(), names.end()};
}

}  // namespace owl::test
