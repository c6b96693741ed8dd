#include <fmt/core.h>

#include "app/command.h"
#include "app/doctor_checks.h"
#include "app/invocation.h"
#include "postgres/base_backup.h"
#include "wal/enrolment.h"

namespace owl::app {
namespace {

using codec::Json;

struct DoctorArguments {
  std::string area;
  bool fix_sql = false, enrol = false;
};

int enrol(Invocation& in) {
  auto directory = in.settings().postgres.data_directory;
  if (directory.empty()) {
    postgres::Connection connection(in.settings().postgres.connection);
    directory = postgres::read_server_facts(connection).data_directory;
  }
  wal::Enrolments(in.settings().state.directory).enrol(directory, in.clock().now());
  in.output().say(fmt::format("Enrolled: {} may archive from now on.", directory.string()));
  in.output().result(Json().set("enrolled", directory.string()));
  return 0;
}

int run_doctor(Invocation& in, const DoctorArguments& arguments) {
  if (arguments.enrol) return enrol(in);
  if (arguments.fix_sql) {
    in.output().say(fix_sql());
    in.output().result(Json().set("sql", fix_sql()));
    return 0;
  }
  Json document = Json::array();
  int failures = 0;
  for (const auto& finding : examine(in, arguments.area)) {
    static constexpr std::string_view marks[] = {"ok      ", "warning ", "FAILED  "};
    in.output().say(fmt::format("{}{}: {}", marks[static_cast<int>(finding.level)], finding.area, finding.text));
    if (!finding.fix.empty()) in.output().say("          fix: " + finding.fix);
    failures += finding.level == Finding::Level::failed ? 1 : 0;
    document.push(Json()
                      .set("area", finding.area)
                      .set("level", finding.level == Finding::Level::ok        ? "ok"
                                    : finding.level == Finding::Level::warning ? "warning"
                                                                               : "failed")
                      .set("text", finding.text)
                      .set("fix", finding.fix));
  }
  in.output().result(document);
  return failures == 0 ? 0 : 1;
}

}  // namespace

void add_doctor(Command& app) {
  auto command = app.add_command(
      "doctor", "Check configuration, PostgreSQL, stores, keys and clock; every finding comes with its fix",
      "owlbackup doctor storage");
  const auto arguments = std::make_shared<DoctorArguments>();
  command.option("AREA", arguments->area, "Only this: storage, keys or postgres")
      .one_of({"storage", "keys", "postgres"});
  command.flag("--fix-sql", arguments->fix_sql, "Print the SQL and settings that a server needs");
  command.flag("--enrol", arguments->enrol, "Let this data directory archive (after a restore or a promotion)");
  command.runs([arguments](Invocation& in) { return run_doctor(in, *arguments); });
}

}  // namespace owl::app
