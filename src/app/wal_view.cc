#include "app/wal_view.h"

#include <fmt/core.h>

#include "wal/archive.h"

namespace owl::app {

postgres::SystemId only_system(Invocation& in) {
  const auto systems = wal::Archive::systems(in.stores(), in.stop());
  if (systems.size() == 1) return systems.front();
  std::string list;
  for (auto id : systems) list += fmt::format("{}{}", list.empty() ? "" : ", ", id);
  throw Error(ErrorKind::usage,
              systems.empty() ? "no WAL is archived in this repository"
                              : fmt::format("WAL of several clusters is archived here ({}); which is meant?", list))
      .with_hint("Use a recovery ticket or the restore agent: `owlbackup restore cluster` makes either.");
}

std::filesystem::path wal_socket(Invocation& in) {
  const auto& settings = in.settings();
  return settings.wal.socket.empty() ? settings.state.directory / "wal.sock" : settings.wal.socket;
}

}  // namespace owl::app
