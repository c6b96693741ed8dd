#include <gmock/gmock.h>

#include "e2e/site.h"

namespace owl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Collations in another version than the backup's: what the restored server itself tells. Versions are put back by
/// hand here, as on a host with a newer ICU.
TEST(Collation, IndexesThatSortByAnotherVersionAreNamed) {
  Site site;
  site.psql(
      "CREATE COLLATION german (provider = icu, locale = 'de'); CREATE COLLATION french (provider = icu, locale = "
      "'fr');");
  site.psql("CREATE TABLE words (w text COLLATE german, f text COLLATE french); CREATE INDEX words_w ON words (w);");
  site.psql("CREATE INDEX words_f ON words (f); CREATE INDEX words_both ON words (f, w);");
  site.psql("UPDATE pg_collation SET collversion = '1.1' WHERE collname = 'german';");
  site.owl_ok({"backup", "cluster"});
  const auto to = site.target("restored");
  const auto restored =
      site.owl({"restore", "cluster", "--to", to.string(), "--immediate", "--target-action", "promote", "--start"});
  EXPECT_EQ(restored.exit_code, 3) << restored;
  EXPECT_THAT(restored.err, HasSubstr("database postgres: collation german was 1.1, here it is "));
  EXPECT_THAT(restored.err, HasSubstr("REINDEX words_both, words_w, then ALTER COLLATION"));
  EXPECT_THAT(restored.err, Not(HasSubstr("french")));
  site.stop_restored(to, "immediate");
}

}  // namespace
}  // namespace owl::test
