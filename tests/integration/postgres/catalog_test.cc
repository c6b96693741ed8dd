#include "postgres/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "os/file.h"
#include "support/postgres_server.h"

// Catalogues read as files are what the server says of them.

namespace owl::postgres {
namespace {

using test::PostgresServer;

class CatalogOf : public testing::TestWithParam<int> {
 protected:
  Bytes file(const std::string& relation) {
    return os::read_file(server.data_dir() / server.psql("SELECT pg_relation_filepath('" + relation + "')"));
  }

  PostgresServer server{{.version = GetParam(), .settings = {"autovacuum = off"}}};
};

TEST_P(CatalogOf, EveryTableIsFoundWithItsFileAndSchema) {
  server.psql("CREATE SCHEMA other; CREATE TABLE other.t(a int); CREATE TABLE t(a int PRIMARY KEY, b text)");
  server.psql("CREATE TABLE gone(a int); DROP TABLE gone; TRUNCATE t");
  server.psql("VACUUM FULL pg_class; VACUUM FULL pg_namespace; ALTER TABLE t ADD COLUMN c int; CHECKPOINT");

  const auto map =
      os::read_file(server.data_dir() / "base" / server.psql("SELECT oid FROM pg_database WHERE datname = 'postgres'") /
                        "pg_filenode.map",
                    4096);
  EXPECT_EQ(std::to_string(mapped_file(map, pg_class_oid).value_or(0)),
            server.psql("SELECT pg_relation_filenode('pg_class')"));
  EXPECT_EQ(mapped_file(map, 1), std::nullopt);

  auto relations = read_pg_class(file("pg_class"), 8192, GetParam());
  const auto schemas = read_catalog_names(file("pg_namespace"), 8192);
  std::string told;
  for (const auto& relation : relations) {
    const auto schema = std::ranges::find(schemas, relation.schema, &CatalogName::oid);
    ASSERT_NE(schema, schemas.end()) << relation.name;
    told += schema->name + "." + relation.name + " " + std::to_string(relation.oid) + " " +
            std::to_string(relation.file) + " " + std::to_string(relation.tablespace) + "\n";
  }
  // Each row that the server sees is among them; updated ones stand there in their earlier versions, too.
  const auto rows = server.psql(
      "SELECT n.nspname || '.' || c.relname || ' ' || c.oid || ' ' || c.relfilenode || ' ' || c.reltablespace"
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace");
  std::size_t count = 0;
  for (std::size_t at = 0; at < rows.size(); ++count) {
    const auto end = std::min(rows.find('\n', at), rows.size());
    EXPECT_THAT(told, testing::HasSubstr(rows.substr(at, end - at) + "\n"));
    at = end + 1;
  }
  EXPECT_GT(count, 300u);
  EXPECT_GE(relations.size(), count);
}

TEST_P(CatalogOf, DatabasesHaveTheirNames) {
  server.psql("CREATE DATABASE shop");
  server.psql("CHECKPOINT");
  const auto databases = read_catalog_names(file("pg_database"), 8192);
  const auto shop = std::ranges::find(databases, "shop", &CatalogName::name);
  ASSERT_NE(shop, databases.end());
  EXPECT_EQ(std::to_string(shop->oid), server.psql("SELECT oid FROM pg_database WHERE datname = 'shop'"));
}

INSTANTIATE_TEST_SUITE_P(All, CatalogOf, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

}  // namespace
}  // namespace owl::postgres
