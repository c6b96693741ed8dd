#include "e2e/random_work.h"

#include <fmt/core.h>

#include "postgres/connection.h"

namespace owl::test {

const std::vector<RandomWork::NamedKind> RandomWork::kinds{
    {"insert", &RandomWork::insert_rows},
    {"update", &RandomWork::update_rows},
    {"delete", &RandomWork::delete_rows},
    {"cut tail", &RandomWork::cut_tail},
    {"index", &RandomWork::build_index},
    {"reindex", &RandomWork::reindex},
    {"vacuum", &RandomWork::vacuum},
    {"vacuum full", &RandomWork::vacuum_full},
    {"cluster", &RandomWork::cluster_table},
    {"truncate", &RandomWork::truncate},
    {"truncate, rolled back", &RandomWork::truncate_and_roll_back},
    {"move", &RandomWork::move_to_tablespace},
    {"drop", &RandomWork::drop_table},
    {"create, rolled back", &RandomWork::roll_back_new_table},
    {"prepared, committed", &RandomWork::prepare_and_commit},
    {"prepared, rolled back", &RandomWork::prepare_and_roll_back},
    {"set logged", &RandomWork::set_logged},
    {"large message", &RandomWork::large_message},
    {"toast", &RandomWork::toast_rows},
    {"sequence", &RandomWork::use_sequence},
    {"create database", &RandomWork::make_database},
    {"drop database", &RandomWork::drop_database},
    {"database number again", &RandomWork::reuse_database_number},
    {"write in a database", &RandomWork::write_in_database},
    {"checkpoint", &RandomWork::checkpoint},
    {"switch", &RandomWork::switch_segment},
    {"crash", &RandomWork::crash},
    {"restart", &RandomWork::restart},
};

RandomWork::RandomWork(Site& site, std::uint64_t seed) : site_(site), random_(seed) {
  const auto place = site.make("random-tablespace");
  sql("CREATE EXTENSION amcheck");
  sql("CREATE TABLESPACE elsewhere LOCATION '" + place.string() + "'");
  for (int i = 0; i < 4; ++i) {
    const auto name = new_name();
    sql(
        fmt::format("CREATE TABLE {0}(a int, b text, c int[], p point); INSERT INTO {0} SELECT g, repeat('x', g % 200),"
                    " ARRAY[g, g % 7], point(g, g % 13) FROM generate_series(1, 20000) g",
                    name));
  }
  sql("CREATE SEQUENCE numbers");
}

void RandomWork::run(int count) {
  last_.clear();
  for (int i = 0; i < count; ++i) {
    const auto& kind = kinds[static_cast<std::size_t>(draw(0, static_cast<int>(kinds.size()) - 1))];
    last_ += (i == 0 ? "" : ", ") + std::string(kind.name);
    (this->*kind.does)();
    ++done_[kind.name];
  }
}

int RandomWork::draw(int least, int most) {
  return std::uniform_int_distribution<int>(least, most)(random_);
}

void RandomWork::sql(const std::string& text) {
  site_.psql(text);
}

void RandomWork::sql_may_fail(const std::string& text) {
  site_.server().try_psql(text);
}

std::string RandomWork::new_name() {
  return "t" + std::to_string(++names_);
}

std::string RandomWork::table() {
  const auto found = site_.psql(
      fmt::format("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]+$' ORDER BY md5(relname || "
                  "'{}') LIMIT 1",
                  draw(0, 1 << 30)));
  if (!found.empty()) return found;
  const auto name = new_name();
  sql(fmt::format("CREATE TABLE {}(a int, b text, c int[], p point)", name));
  return name;
}

void RandomWork::insert_rows() {
  sql(
      fmt::format("INSERT INTO {} SELECT g, repeat('y', g % {}), ARRAY[g, g % 5], point(g, g % 11) FROM"
                  " generate_series(1, {}) g",
                  table(), draw(1, 300), draw(1, 20000)));
}
void RandomWork::update_rows() {
  sql(fmt::format("UPDATE {} SET b = left(b || 'z', 250) WHERE a % {} = 0", table(), draw(2, 400)));
}
void RandomWork::delete_rows() {
  sql(fmt::format("DELETE FROM {} WHERE a % {} = 0", table(), draw(2, 50)));
}
void RandomWork::cut_tail() {
  const auto name = table();
  sql(fmt::format("DELETE FROM {0} WHERE ctid >= ('(' || {1} || ',0)')::tid; VACUUM {0}", name, draw(0, 300)));
  if (draw(0, 1) == 1) sql(fmt::format("INSERT INTO {} SELECT g, 'after' FROM generate_series(1, 5000) g", name));
}
void RandomWork::build_index() {
  static const std::vector<std::string> indexes{"btree(a)", "gin(c)", "gist(p)", "hash(b)", "brin(a)", "spgist(p)"};
  sql(fmt::format("CREATE INDEX ON {} USING {}", table(), indexes[static_cast<std::size_t>(draw(0, 5))]));
}
void RandomWork::reindex() {
  sql("REINDEX TABLE " + table());
}
void RandomWork::vacuum() {
  sql(fmt::format("VACUUM ({}) {}", draw(0, 1) == 1 ? "FREEZE" : "ANALYZE", table()));
}
void RandomWork::vacuum_full() {
  sql("VACUUM FULL " + (draw(0, 3) == 0 ? std::string("pg_class") : table()));
}
/// A row may be too long for an index; then what was begun of it stays, for VACUUM.
void RandomWork::cluster_table() {
  const auto name = table();
  sql_may_fail(fmt::format("CREATE INDEX {0}_order{1} ON {0}(a, b); CLUSTER {0} USING {0}_order{1}", name, ++names_));
}
void RandomWork::truncate() {
  const auto name = table();
  sql("TRUNCATE " + name);
  if (draw(0, 1) == 1) sql(fmt::format("INSERT INTO {} SELECT g, 'new' FROM generate_series(1, 3000) g", name));
}
void RandomWork::truncate_and_roll_back() {
  const auto name = table();
  sql(fmt::format("BEGIN; TRUNCATE {0}; INSERT INTO {0} SELECT g FROM generate_series(1, 3000) g; ROLLBACK", name));
}
void RandomWork::move_to_tablespace() {
  sql(fmt::format("ALTER TABLE {} SET TABLESPACE {}", table(), draw(0, 1) == 1 ? "elsewhere" : "pg_default"));
}
void RandomWork::drop_table() {
  sql("DROP TABLE " + table());
}
void RandomWork::roll_back_new_table() {
  sql(fmt::format("BEGIN; CREATE TABLE never AS SELECT g AS a FROM generate_series(1, {}) g; ROLLBACK",
                  draw(1, 20000)));
}
void RandomWork::prepare_and_commit() {
  sql(
      fmt::format("BEGIN; DROP TABLE {0}; CREATE TABLE {1}(a int, b text, c int[], p point); INSERT INTO {1} SELECT g, "
                  "'p' FROM generate_series(1, 4000) g; PREPARE TRANSACTION 'p{2}'",
                  table(), new_name(), ++prepared_));
  if (draw(0, 2) == 0) crash();
  sql(fmt::format("COMMIT PREPARED 'p{}'", prepared_));
}
void RandomWork::prepare_and_roll_back() {
  sql(
      fmt::format("BEGIN; DROP TABLE {}; CREATE TABLE unborn AS SELECT g FROM generate_series(1, 4000) g;"
                  " PREPARE TRANSACTION 'p{}'",
                  table(), ++prepared_));
  sql(fmt::format("ROLLBACK PREPARED 'p{}'", prepared_));
}
void RandomWork::set_logged() {
  sql(
      fmt::format("CREATE UNLOGGED TABLE {0}(a int, b text, c int[], p point); INSERT INTO {0} SELECT g, 'u' FROM"
                  " generate_series(1, 3000) g; ALTER TABLE {0} SET LOGGED",
                  new_name()));
}
void RandomWork::large_message() {
  sql(fmt::format("SELECT pg_logical_emit_message(true, 'big', repeat('m', {}))", draw(1, 40) * 1'000'000));
}
void RandomWork::toast_rows() {
  sql_may_fail(
      fmt::format("INSERT INTO {} SELECT g, (SELECT string_agg(md5(g::text || i::text), '') FROM generate_series(1,"
                  " 300) i) FROM generate_series(1, 200) g",
                  table()));
}
void RandomWork::use_sequence() {
  sql("SELECT nextval('numbers') FROM generate_series(1, 100)");
}

namespace {
std::string strategy(const std::string& version, bool copy) {
  if (version < "150000") return "";
  return copy ? " STRATEGY file_copy" : " STRATEGY wal_log";
}
}  // namespace

void RandomWork::make_database() {
  const auto version = site_.psql("SHOW server_version_num");
  sql_may_fail(fmt::format("CREATE DATABASE d{}{}", draw(1, 3), strategy(version, draw(0, 1) == 1)));
}
void RandomWork::drop_database() {
  sql_may_fail(fmt::format("DROP DATABASE d{} WITH (FORCE)", draw(1, 3)));
}
/// Other content under the same paths, whose pages have old LSNs: what a look at LSNs can't see.
void RandomWork::reuse_database_number() {
  if (site_.psql("SHOW server_version_num") < "150000") return;
  sql("DROP DATABASE IF EXISTS again WITH (FORCE)");
  sql("DROP DATABASE IF EXISTS template_a WITH (FORCE)");
  sql("CREATE DATABASE template_a");
  site_.server().psql(
      fmt::format("CREATE TABLE t0 AS SELECT g AS a, {} AS b FROM generate_series(1, 8000) g", draw(1, 999)),
      "template_a");
  sql("CHECKPOINT");
  sql("CREATE DATABASE again TEMPLATE template_a STRATEGY file_copy OID 99999");
}
void RandomWork::write_in_database() {
  const auto name = site_.psql("SELECT datname FROM pg_database WHERE datname ~ '^d[0-9]$' LIMIT 1");
  if (name.empty()) return;
  site_.server().psql(fmt::format("CREATE TABLE IF NOT EXISTS t0(a int, b int); INSERT INTO t0 SELECT g, {} FROM"
                                  " generate_series(1, 3000) g",
                                  draw(1, 999)),
                      name);
}
void RandomWork::checkpoint() {
  sql("CHECKPOINT");
}
void RandomWork::switch_segment() {
  sql("SELECT pg_switch_wal()");
}
void RandomWork::crash() {
  site_.server().kill9();
  site_.server().start();
}
void RandomWork::restart() {
  site_.server().restart();
}

std::map<std::string, std::string> RandomWork::sums(
    const std::function<std::string(const std::string& database)>& conninfo) {
  std::map<std::string, std::string> out;
  postgres::Connection main(conninfo("postgres"));
  for (const auto& database : main.query("SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1")) {
    postgres::Connection connection(conninfo(*database[0]));
    const auto tables = connection.query(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'r' AND relname ~ '^t[0-9]+$' ORDER BY 1");
    for (const auto& table : tables) {
      const auto sum = connection.query_text(
          "SELECT count(*) || ' ' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM " + *table[0] + " t");
      out[*database[0] + "." + *table[0]] = sum;
    }
  }
  return out;
}

}  // namespace owl::test
