#include <gmock/gmock.h>

#include <iterator>
#include <sstream>

#include "crash/faults.h"
#include "e2e/site.h"
#include "os/file.h"
#include "postgres/connection.h"

// A table is lost; the archive tells when; a restore to just before has it.

namespace owl::test {
namespace {

using codec::Json;
using testing::HasSubstr;

class WalFind : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    site =
        std::make_unique<Site>(SiteOptions{.server_settings = {"autovacuum = off", "max_prepared_transactions = 4"}});
    site->psql(
        "CREATE TABLE orders(n int PRIMARY KEY, t text); INSERT INTO orders SELECT g, repeat('x', 50) FROM"
        " generate_series(1, 5000) g; CREATE TABLE kept AS TABLE orders; CREATE TABLE thinned AS TABLE orders;"
        "CREATE TABLE marks(what text);");
    empty_home = site->make("empty-gnupg");
    site->owl_ok({"backup", "cluster"});
    file_of_orders = site->psql(
        "SELECT 1663 || '/' || oid || '/' || pg_relation_filenode('orders') FROM pg_database WHERE"
        " datname = current_database()");
    oid_of_orders = site->psql("SELECT 'orders'::regclass::oid");
    site->psql("INSERT INTO marks VALUES ('before')");
    site->psql("DROP TABLE orders");
    site->psql("INSERT INTO marks VALUES ('dropped')");
    site->psql("TRUNCATE kept");
    site->psql("INSERT INTO kept VALUES (1, 'new')");
    site->psql("INSERT INTO marks VALUES ('truncated')");
    site->psql("DELETE FROM thinned WHERE n > 100");
    site->psql("INSERT INTO marks VALUES ('deleted')");
    site->archive();
  }
  static void TearDownTestSuite() {
    run({"gpgconf", "--homedir", empty_home, "--kill", "all"});
    site.reset();
  }

  static Json find(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"wal", "find", "--json"});
    return value_or_throw(Json::parse(site->owl_ok(arguments)));
  }
  /// As on a host that backs up and can't restore.
  static RunResult without_key(std::vector<std::string> arguments) {
    const auto config = site->write_config(
        {.name = "without-private-key", .connection = site->server().connection(), .gpg_home = empty_home});
    return site->owl(std::move(arguments), {{"OWLBACKUP_CONFIG", config}});
  }
  /// One value from the cluster as it was just before that position.
  static std::string restored(const std::string& lsn, const std::string& query) {
    const auto to = site->target("restored-" + std::to_string(++targets));
    const auto out =
        site->owl_ok({"restore", "cluster", "--to", to, "--target-lsn", lsn, "--target-exclusive", "--start"});
    postgres::Connection connection(Site::connection_in(out));
    auto value = connection.query_text(query);
    connection.close();
    site->stop_restored(to);
    return value;
  }

  static std::unique_ptr<Site> site;
  static std::string file_of_orders, oid_of_orders;
  static int targets;
  static std::filesystem::path empty_home;
};
std::unique_ptr<Site> WalFind::site;
std::string WalFind::file_of_orders, WalFind::oid_of_orders;
int WalFind::targets = 0;
std::filesystem::path WalFind::empty_home;

const std::string marks = "SELECT string_agg(what, ' ' ORDER BY what) FROM marks";

TEST_F(WalFind, ADroppedTableByItsFile) {
  const auto document = find({"--relation", file_of_orders});
  const auto* removals = document["removals"].as_array();
  ASSERT_EQ(removals->size(), 1u);
  EXPECT_EQ((*removals)[0]["what"].text_or(""), "dropped");
  const auto lsn = (*removals)[0]["stop_before_lsn"].text_or("");
  EXPECT_EQ(restored(lsn, "SELECT (SELECT count(*) FROM orders) || ' ' || (" + marks + ")"), "5000 before");
}

/// The backup's own catalogue tells what the table was called.
TEST_F(WalFind, ADroppedTableByItsName) {
  const auto document = find({"--dropped", "public.orders"});
  EXPECT_FALSE(document["known"].bool_or(true));
  EXPECT_FALSE(document["of_whole_database"].bool_or(true));
  const auto* removals = document["removals"].as_array();
  ASSERT_EQ(removals->size(), 1u);
  EXPECT_EQ((*removals)[0]["what"].text_or(""), "dropped");
  const auto lsn = (*removals)[0]["stop_before_lsn"].text_or("");
  EXPECT_EQ(restored(lsn, "SELECT (SELECT count(*) FROM orders) || ' ' || (" + marks + ")"), "5000 before");
  EXPECT_THAT(
      site->owl_ok({"wal", "find", "--dropped", "orders"}),
      HasSubstr("The server knows no table public.orders now; backup " + document["backup"].text_or("?") + " has it"));

  EXPECT_TRUE(find({"--dropped", "never_there"})["of_whole_database"].bool_or(false));
}

/// The second way out that it names: the table alone.
TEST_F(WalFind, TheTableComesBackByTheCommandThatItNames) {
  const auto text = site->owl_ok({"wal", "find", "--dropped", "orders"});
  constexpr std::string_view begin = "Or the table alone: owlbackup ";
  const auto found = text.find(begin);
  ASSERT_NE(found, text.npos) << text;
  std::istringstream said(text.substr(found + begin.size(), text.find('\n', found) - found - begin.size()));
  std::vector<std::string> words{std::istream_iterator<std::string>(said), {}};
  words.resize(static_cast<std::size_t>(std::ranges::find(words, "--to-file") - words.begin()));
  const auto file = site->make("dumped") / "orders.sql";
  words.insert(words.end(), {"--to-file", file.string()});
  site->owl_ok(words);
  const auto dump = os::read_file(file);
  EXPECT_GE(std::ranges::count(as_text(dump), '\n'), 5000) << dump.size() << " bytes";
}

/// With the host's keys alone the catalogue is closed; what went, and when, is not.
TEST_F(WalFind, ADroppedTableByNameWithoutThePrivateKey) {
  const auto document = json_of(without_key({"--json", "wal", "find", "--dropped", "public.orders"}));
  EXPECT_FALSE(document["known"].bool_or(true));
  EXPECT_TRUE(document["of_whole_database"].bool_or(false));
  const auto& first = document["removals"].as_array()->at(0);
  EXPECT_EQ(first["what"].text_or(""), "dropped");
  bool named = false;
  for (const auto& table : *first["tables"].as_array()) named |= std::to_string(table.integer_or(0)) == oid_of_orders;
  EXPECT_TRUE(named);

  const auto text = without_key({"wal", "find", "--dropped", "orders"});
  EXPECT_EQ(text.exit_code, 0) << text;
  EXPECT_THAT(text.err, HasSubstr("what backups call public.orders can't be read here: "));
  EXPECT_THAT(text.out, HasSubstr("The server knows no table public.orders now. All that went from its database:\n"));
  EXPECT_THAT(text.out, HasSubstr("The last moment before: owlbackup restore cluster --to DIR --target-lsn "));
}

/// To the letter: the restore that it names, the question that it gives, the command that takes the answer.
TEST_F(WalFind, ATableThatIsGoneIsFoundTheWayTheOutputSays) {
  const auto text = without_key({"wal", "find", "--dropped", "orders"}).out;
  const auto between = [&](const std::string& begin, const std::string& end) {
    const auto from = text.find(begin) + begin.size();
    EXPECT_NE(text.find(begin), std::string::npos) << begin << text;
    return text.substr(from, text.find(end, from) - from);
  };
  const auto lsn = between("or before any that it may be:\n  owlbackup restore cluster --to DIR --target-lsn ",
                           " --target-exclusive");
  const auto relation = restored(lsn, between("there, in its database, ask\n", ";\nand give"));
  const auto document = find({"--relation", relation});
  const auto& removals = *document["removals"].as_array();
  ASSERT_FALSE(removals.empty()) << relation;
  EXPECT_EQ(removals.back()["what"].text_or(""), "dropped");
  EXPECT_EQ(removals.back()["files"].as_array()->at(0).text_or(""), relation);
}

TEST_F(WalFind, ATruncatedTable) {
  const auto document = find({"--dropped", "public.kept"});
  const auto* removals = document["removals"].as_array();
  ASSERT_EQ(removals->size(), 1u);
  EXPECT_EQ((*removals)[0]["what"].text_or(""), "truncated or rewritten");
  const auto lsn = (*removals)[0]["stop_before_lsn"].text_or("");
  EXPECT_EQ(restored(lsn, "SELECT (SELECT count(*) FROM kept) || ' ' || (" + marks + ")"), "5000 before dropped");
}

TEST_F(WalFind, ManyDeletedRows) {
  const auto document = find({"--dropped", "thinned"});
  const auto* removals = document["removals"].as_array();
  ASSERT_EQ(removals->size(), 1u);
  EXPECT_EQ((*removals)[0]["what"].text_or(""), "rows deleted");
  EXPECT_EQ((*removals)[0]["rows"].integer_or(0), 4900);
  const auto lsn = (*removals)[0]["stop_before_lsn"].text_or("");
  EXPECT_EQ(restored(lsn, "SELECT (SELECT count(*) FROM thinned) || ' ' || (" + marks + ")"),
            "5000 before dropped truncated");
}

TEST_F(WalFind, ATableThatLostNothing) {
  const auto text = site->owl({"wal", "find", "--dropped", "marks"});
  EXPECT_THAT(text.out, HasSubstr("Nothing of public.marks as it is now went. All that went from its database:\n"));
}

TEST_F(WalFind, MistakesAreNamed) {
  const auto neither = site->owl({"wal", "find"});
  EXPECT_EQ(neither.exit_code, 2);
  EXPECT_THAT(neither.err,
              HasSubstr("give either --dropped SCHEMA.TABLE or --relation TABLESPACE/DATABASE/RELFILENODE"));
  const auto wrong = site->owl({"wal", "find", "--relation", "1663/5"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("\"1663/5\" is not the file of a relation: TABLESPACE/DATABASE/RELFILENODE"));
}

TEST_F(WalFind, ShowsWhatASegmentHolds) {
  // The segment of the drop is the one that the find's position lies in.
  const auto document = find({"--relation", file_of_orders});
  const auto lsn =
      value_or_throw(postgres::parse_lsn((*document["removals"].as_array())[0]["stop_before_lsn"].text_or("")));
  const auto name = postgres::to_file_name(postgres::segment_of(1, lsn, 16u << 20), 16u << 20);
  const auto shown = value_or_throw(Json::parse(site->owl_ok({"wal", "show", name, "--json"})));
  EXPECT_EQ(shown["file"].text_or(""), name);
  EXPECT_EQ(shown["version"].integer_or(0), 15);
  EXPECT_GT(shown["transaction_ends"]["count"].integer_or(0), 3);
  EXPECT_GT(shown["records"]["Heap"].integer_or(0), 4900);
  EXPECT_TRUE(shown["changes"]["unusable"].as_array()->empty());
  bool found = false;
  for (const auto& relation : *shown["changes"]["relations"].as_array()) {
    if (relation["relation"].text_or("") == file_of_orders) found = relation["limit"].integer_or(-1) == 0;
  }
  EXPECT_TRUE(found);

  const auto text = site->owl({"wal", "show", name});
  EXPECT_THAT(text.out, HasSubstr("Dropped       "));
  EXPECT_THAT(text.out, HasSubstr("Deleted       4900 rows of "));
  const auto wrong = site->owl({"wal", "show", "nothing"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("\"nothing\" is not the name of a WAL file"));
}

}  // namespace
}  // namespace owl::test
