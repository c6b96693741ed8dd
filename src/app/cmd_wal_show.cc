#include <fmt/core.h>

#include <memory>

#include "app/invocation.h"
#include "app/segment_view.h"
#include "app/wal_commands.h"
#include "app/wal_view.h"
#include "wal/fetcher.h"

namespace owl::app {
namespace {

int run_show(Invocation& in, const std::string& name) {
  if (!postgres::parse_wal_file_name(name)) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is not the name of a WAL file", name))
        .with_hint("Such as 000000010000000000000003; `owlbackup wal status` shows which there are.");
  }
  const auto& keys = in.checked_keys();
  wal::Fetcher fetcher(in.stores(), keys, {}, {only_system(in), std::nullopt, 0});
  const auto info = fetcher.info(name, in.stop());
  if (!info) throw Error(ErrorKind::not_found, fmt::format("{} is not in the archive", name));
  say_segment(in.output(), *info);
  in.output().result(to_json(*info));
  return 0;
}

}  // namespace

void add_wal_show(Command& wal) {
  auto show = wal.add_command("show", "What one archived WAL segment holds: times, events, changed relations",
                              "owlbackup wal show 000000010000000000000003");
  const auto name = std::make_shared<std::string>();
  show.option("SEGMENT", *name, "The file's name, as PostgreSQL gives it").required();
  show.runs([name](Invocation& in) { return run_show(in, *name); });
}

}  // namespace owl::app
