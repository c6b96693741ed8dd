// Every segment that real servers of each version write, through the WAL codec and back: rows and indexes of every
// kind, COPY, large messages, prepared transactions, compressed images, a killed server, switched and recycled
// segments.

#include "codec/wal_codec.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "codec/zstd.h"
#include "os/file.h"
#include "postgres/wal_record.h"
#include "support/environment.h"
#include "support/postgres_server.h"
#include "support/run.h"

namespace owl::postgres {
namespace {

namespace fs = std::filesystem;
using test::PostgresServer;

void pgbench(const PostgresServer& server, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"/usr/lib/postgresql/15/bin/pgbench", "-n", "-h", server.socket_dir().string(),
                                       "-p", std::to_string(server.port()), "-U", "postgres"});
  arguments.push_back("postgres");
  test::run_ok(std::move(arguments));
}

std::vector<std::string> settings(int version) {
  std::vector<std::string> out{"wal_keep_size = 8GB", "max_wal_size = 8GB",      "max_prepared_transactions = 10",
                               "autovacuum = off",    "wal_level = logical",     "track_commit_timestamp = on",
                               "wal_log_hints = on",  "synchronous_commit = off"};
  if (version >= 17) out.push_back("summarize_wal = off");
  return out;
}

constexpr std::string_view rows = R"(
create table wide (i bigint primary key, ts timestamptz, user_id int, session uuid, kind text, path text, amount numeric);
insert into wide select i, timestamptz '2026-01-01' + i * interval '1.7 seconds', (i * 7919) % 20000,
  md5((i / 20)::text)::uuid, (array['view','click','login'])[1 + i % 3], '/api/v1/' || (i * 31) % 100000, i / 7.0
  from generate_series(1, 40000) i;
create index on wide (user_id, ts);
create index on wide (path);
create index on wide using hash (path);
create index on wide using brin (ts);
update wide set amount = amount + 1 where i % 10 = 0;
delete from wide where i % 17 = 0;
vacuum wide;
create table other (a int[], p point, r int4range);
create index on other using gin (a);
create index on other using gist (p);
create index on other using spgist (p);
insert into other select array[i, i % 7], point(i, i % 13), int4range(i, i + 3) from generate_series(1, 5000) i;
delete from other where a[2] = 3;
vacuum other;
begin; insert into wide values (-1); savepoint a; insert into wide values (-2); rollback to a; insert into wide values (-3); commit;
begin; insert into wide values (-10); prepare transaction 'one'; commit prepared 'one';
begin; insert into wide values (-11); prepare transaction 'two'; rollback prepared 'two';
select pg_logical_emit_message(true, 'small', repeat('n', 3000));
select pg_logical_emit_message(false, 'big', repeat('m', 40000000));
do $$ begin for i in 1..200 loop execute 'create table many' || i || '(a int primary key)'; end loop; end $$;
do $$ begin for i in 1..200 loop execute 'drop table many' || i; end loop; end $$;
create sequence counted;
select nextval('counted') from generate_series(1, 1000);
select pg_switch_wal();
checkpoint;
update wide set amount = amount + 1 where i % 3 = 0;
)";

void work(PostgresServer& server, const fs::path& folder) {
  server.psql(std::string(rows));
  server.psql(fmt::format("copy wide to '{0}/wide'; create table copied (like wide); copy copied from '{0}/wide'",
                          folder.string()));
  pgbench(server, {"-i", "-s", "3", "-q"});
  pgbench(server, {"-c", "4", "-j", "2", "-t", "1500"});
  server.psql("checkpoint");
  pgbench(server, {"-c", "4", "-j", "2", "-t", "1500"});
  server.psql("set wal_compression = on; checkpoint; update wide set amount = amount + 1 where i % 5 = 0");
  server.psql("alter system set full_page_writes = off; select pg_reload_conf()");
  pgbench(server, {"-c", "4", "-j", "2", "-t", "1500"});
  server.psql("checkpoint");
}

struct Seen {
  std::uint64_t segments = 0, plain_bytes = 0, stored_bytes = 0, zstd_bytes = 0;
  codec::WalEncoder::Counters counters;
};

Seen through_the_codec(const fs::path& folder) {
  Seen seen;
  codec::WalEncoder encoder(3);
  codec::WalDecoder decoder;
  codec::ZstdEncoder zstd(3);
  const auto entries = os::list_folder(folder).value();
  for (const auto& entry : entries) {
    if (entry.name.size() != 24) continue;
    const auto segment = os::read_file(folder / entry.name, 1u << 30);
    Bytes out(std::max(codec::WalEncoder::bound(segment.size()), codec::ZstdEncoder::bound(segment.size())));
    const std::size_t plain = zstd.encode(segment, out).size, size = encoder.encode(segment, out);
    ++seen.segments;
    if (size == 0) continue;  // made for later: zeros
    seen.plain_bytes += segment.size();
    seen.stored_bytes += size;
    seen.zstd_bytes += plain;
    Bytes back(segment.size(), 0xee);
    const auto decoded = decoder.decode(ByteView(out).first(size), back);
    EXPECT_TRUE(decoded) << entry.name << ": " << decoded.error().message();
    EXPECT_TRUE(equal(back, segment)) << entry.name;
  }
  seen.counters = encoder.counters();
  return seen;
}

class WalCodec : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, WalCodec, testing::Values(13, 14, 15, 16, 17, 18), testing::PrintToStringParamName());

TEST_P(WalCodec, GivesEverySegmentOfARealServerBack) {
  const test::TempDir folder;
  test::give_to_server_user(folder.path());
  PostgresServer server({.version = GetParam(), .settings = settings(GetParam())});
  work(server, folder.path());
  server.kill9();
  server.start();
  server.psql("insert into wide values (-20)");
  server.stop();
  const auto seen = through_the_codec(server.data_dir() / "pg_wal");
  fmt::print("PostgreSQL {}: {} segments, x{:.2f}, zstd 3 x{:.2f}; stretches {} split, {} plain\n", GetParam(),
             seen.segments, static_cast<double>(seen.plain_bytes) / static_cast<double>(seen.stored_bytes),
             static_cast<double>(seen.plain_bytes) / static_cast<double>(seen.zstd_bytes), seen.counters.split,
             seen.counters.plain);
  EXPECT_EQ(seen.counters.unproven, 0u);
  EXPECT_GT(seen.counters.split, 20u);
  EXPECT_LT(seen.stored_bytes, seen.zstd_bytes * 3 / 5);
}

}  // namespace
}  // namespace owl::postgres
