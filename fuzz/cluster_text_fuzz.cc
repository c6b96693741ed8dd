// Names of files in a data directory, and postgresql.auto.conf as the source's users left it.

#include "cluster/path_rules.h"
#include "cluster/recovery_settings.h"
#include "round_trip.h"

using namespace owl;

namespace {

void check_relation_name(std::string_view name) {
  const auto parsed = cluster::parse_relation_file_name(name);
  if (!parsed) return;
  OWL_CHECK(name.find('/') == name.npos, "a relation's name with a folder in it");
  OWL_CHECK(cluster::rule_for("global/" + std::string(name), false) == cluster::PathRule::relation, "read as bytes");
}

/// What a restore writes stands at the end, once, however often the same directory was restored before.
void check_auto_conf(std::string_view text) {
  const cluster::RestoreTarget target{.kind = cluster::RestoreTarget::Kind::immediate};
  const auto settings = cluster::recovery_settings(target, 1, {"owl-wal fetch %f %p", "owlbackup restore finish"});
  const auto once = cluster::merge_auto_conf(text, settings);
  OWL_CHECK(std::string_view(once).ends_with(settings), "the settings are not the last that count");
  OWL_CHECK(once.size() <= text.size() + 1 + settings.size(), "text from nowhere");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  check_relation_name(text);
  (void)cluster::rule_for(text, true);
  (void)cluster::rule_for(text, false);
  check_auto_conf(text);
  return 0;
}
