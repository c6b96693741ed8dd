// Every relation file of a real server, through the page codec and back: heaps with all that pruning, vacuum and
// freezing leave, every kind of index, catalogs, maps.

#include <gtest/gtest.h>

#include "base/units.h"
#include "codec/blob_decoder.h"
#include "codec/page_encoder.h"
#include "os/file.h"
#include "support/postgres_server.h"

namespace owl::codec {
namespace {

constexpr std::uint32_t block_size = 8192;

constexpr std::string_view schema = R"(
create extension if not exists btree_gist;
create extension if not exists btree_gin;
create table plain (id int primary key, n bigint, at timestamptz);
insert into plain select i, i * 7, now() + i * interval '1 second' from generate_series(1, 20000) i;
create table nulls (a int, b text, c numeric, d uuid, e jsonb);
insert into nulls select case when i % 2 = 0 then i end, case when i % 3 = 0 then md5(i::text) end,
  case when i % 5 = 0 then i / 7.0 end, md5(i::text)::uuid, jsonb_build_object('k', i, 'v', md5(i::text))
  from generate_series(1, 10000) i;
create index on nulls (d);
create index on nulls (b, a);
create index on nulls using gin (e);
create index on nulls using hash (b);
create table kinds (few int, many int, t text);
insert into kinds select i % 5, i % 3000, md5((i % 100)::text) from generate_series(1, 20000) i;
create index on kinds (few);
create index on kinds (many);
create index on kinds (t, few);
create index on kinds (many desc) include (few);
create index on kinds using brin (many);
create index on kinds using gin (few);
create index on kinds using gist (many);
create table inserted (k text primary key, p point);
insert into inserted select md5(i::text), point(i % 100, i % 77) from generate_series(1, 8000) i;
create index on inserted using gist (p);
create index on inserted using spgist (p);
create table churned (id int primary key, n int, t text) with (fillfactor = 70);
insert into churned select i, 0, repeat('x', i % 50) from generate_series(1, 8000) i;
update churned set n = n + 1 where id % 3 = 0;
update churned set t = t || 'y' where id % 4 = 0;
delete from churned where id % 5 = 0;
vacuum churned;
update churned set n = n + 1 where id % 7 = 0;
select count(*) from churned where n = 1;
vacuum freeze churned;
create table toasted (id int, t text);
alter table toasted alter t set storage external;
insert into toasted select i, repeat(md5(i::text), 400) from generate_series(1, 100) i;
create sequence counted;
select nextval('counted') from generate_series(1, 10);
begin; delete from plain where id % 9 = 0; rollback;
begin; select * from plain where id < 500 for update; savepoint s; update plain set n = 0 where id < 300; commit;
create unlogged table temporary (id int);
insert into temporary select generate_series(1, 1000);
)";

struct Seen {
  std::uint64_t files = 0, plain_bytes = 0, stored_bytes = 0, zstd_bytes = 0;
};

/// In blobs, as a backup does it; each file is a relation of its own.
void through_the_codec(const Bytes& file, std::uint64_t relation, PageEncoder& encoder, Seen& seen) {
  BlobDecoder decoder;
  ZstdEncoder zstd(3);
  Bytes out(encoder.bound(MiB));
  for (std::size_t at = 0; at < file.size(); at += MiB) {
    const auto plain = ByteView(file).subspan(at, std::min<std::size_t>(MiB, file.size() - at));
    const PageRun run{static_cast<std::uint32_t>(plain.size() / block_size),
                      static_cast<std::uint32_t>(at / block_size)};
    const auto encoded = encoder.encode({plain, {&run, 1}, relation, file.size()}, out);
    Bytes again(plain.size(), 0xee);
    const auto decoded = decoder.decode(encoded.codec, ByteView(out).first(encoded.size), again);
    ASSERT_TRUE(decoded) << decoded.error().message();
    ASSERT_TRUE(equal(again, plain)) << "at " << at;
    seen.plain_bytes += plain.size();
    seen.stored_bytes += encoded.size;
    seen.zstd_bytes += zstd.encode(plain, out).size;
  }
  ++seen.files;
}

class PageCodecOf : public testing::TestWithParam<int> {};

TEST_P(PageCodecOf, EveryFileComesBackAndMostPagesAreSplit) {
  test::PostgresServer server({.version = GetParam()});
  for (std::size_t at = 0;
       at < schema.size();) {  // each statement a transaction of its own, where it does not say so itself
    const auto end = schema.find(";\n", at);
    if (end == schema.npos) break;
    server.psql(std::string(schema.substr(at, end - at + 1)));
    at = end + 2;
  }
  server.psql("checkpoint");
  server.stop();

  PageEncoder encoder({.block_size = block_size});
  Seen seen;
  std::uint64_t relation = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(server.data_dir() / "base")) {
    const auto name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.find_first_not_of("0123456789_fsmvinit") != name.npos) continue;
    SCOPED_TRACE(entry.path().string());
    const Bytes file = os::read_file(entry.path());
    if (file.size() % block_size != 0) continue;
    through_the_codec(file, ++relation, encoder, seen);
  }
  const auto& counters = encoder.counters();
  const auto split = counters.split_pages, other = counters.other_pages;
  std::cout << "PostgreSQL " << GetParam() << ": " << seen.files << " files, " << seen.plain_bytes << " bytes, stored "
            << seen.stored_bytes << ", zstd 3 alone " << seen.zstd_bytes << "; " << split << " pages split, " << other
            << " left in split blobs, " << counters.plain_blobs << " blobs by zstd alone\n";
  EXPECT_GT(seen.files, 300u);
  EXPECT_EQ(counters.fallbacks, 0u);
  EXPECT_GT(split, 10 * other);
  EXPECT_GT(split * block_size, seen.plain_bytes / 2);
  EXPECT_LT(seen.stored_bytes * 10, seen.zstd_bytes * 8);
}

INSTANTIATE_TEST_SUITE_P(PostgreSQL, PageCodecOf, testing::Values(13, 15, 18));

}  // namespace
}  // namespace owl::codec
