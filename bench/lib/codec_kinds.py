"""Relations of the kinds that a page codec must know, made the same way each time (setseed, generate_series)."""

WORDS = ("server backup render queue frame texture camera light scene export import owner project asset license invoice payment session "
         "token region bucket object version retry timeout error warning status pending complete failed running node worker memory video "
         "audio format codec bitrate")

# {n} is a number of rows that fits the scale.
SETUP = """
select setseed(0.42);
create extension if not exists btree_gist;
create function word(i bigint) returns text immutable language sql as $$
  select (string_to_array('{words}', ' '))[1 + abs(hashint8(i)) % 40] $$;
create function prose(i bigint, n int) returns text immutable language sql as $$
  select string_agg(word(i * 131 + k * 7919), ' ') from generate_series(1, n) k $$;
"""

# name, SQL, and which of its files are measured: name → SQL expression of the relation.
KINDS = [
    ("narrow rows", "create table narrow as select i::int as id, (random() * 20000)::int as account, (random() * 50)::smallint as kind, "
     "now()::timestamp + i * interval '1 second' as at, (random() * 100000)::bigint as cents from generate_series(1, {n}) i",
     {"narrow rows": "narrow"}),
    ("time series", "create table series as select timestamptz '2026-01-01' + (i / 50) * interval '10 seconds' as at, (i % 50)::int as "
     "device, 20 + 5 * sin(i / 1000.0) + random() / 10 as value, (random() < 0.01) as bad from generate_series(1, {n}) i; "
     "create index series_device_at on series (device, at)",
     {"time series": "series", "btree (int, timestamp), built": "series_device_at"}),
    ("uuid rows", "create table ids as select md5(i::text)::uuid as id, md5((i / 10)::text)::uuid as owner, i::bigint as n "
     "from generate_series(1, {n} / 2) i; create index ids_built on ids (id)",
     {"uuid rows": "ids", "btree uuid, built": "ids_built"}),
    ("uuid index, inserted", "create table ids2 (id uuid primary key); insert into ids2 select md5(random()::text)::uuid from "
     "generate_series(1, {n} / 2)", {"btree uuid, inserted": "ids2_pkey"}),
    ("mixed rows with NULLs", "create table nulls as select i::bigint as id, case when random() < .5 then (random() * 1000)::int end as a, "
     "case when random() < .3 then word(i) end as b, case when random() < .7 then random() end as c, case when random() < .2 then "
     "now() end as d from generate_series(1, {n}) i", {"rows with NULLs": "nulls"}),
    ("wide text", "create table wide as select i::bigint as id, prose(i, 60) as body from generate_series(1, {n} / 20) i",
     {"wide text": "wide"}),
    ("emails", "create table people as select i::bigint as id, word(i) || '.' || word(i * 3) || (i % 1000) || '@example.' || "
     "(array['com','org','net'])[1 + i % 3] as email, now() - random() * interval '1000 days' as joined from generate_series(1, {n} / 2) i; "
     "create index people_email on people (email)", {"text rows": "people", "btree text, built": "people_email"}),
    ("text index, inserted", "create table names (name text primary key); insert into names select word(i * 7) || '-' || word(i) || '-' || "
     "md5(i::text) from generate_series(1, {n} / 4) i", {"btree text, inserted": "names_pkey"}),
    ("jsonb", "create table documents as select i::bigint as id, jsonb_build_object('user', md5((i % 5000)::text), 'trace', md5(i::text), 'amount', "
     "round((random() * 10000)::numeric, 2), 'message', prose(i, 12), 'ok', i % 7 <> 0) as body from generate_series(1, {n} / 10) i; "
     "create index docs_gin on documents using gin (body)", {"jsonb": "documents", "GIN": "docs_gin"}),
    ("numerics, deleted from", "create table numerics as select i::bigint as id, round((random() * 100000)::numeric, 4) as price, "
     "round((random() * 100)::numeric, 2) as rate, (random() * 1e6)::float8 as f from generate_series(1, {n}) i; "
     "delete from numerics where random() < .4; vacuum numerics", {"numerics after DELETE, VACUUM": "numerics"}),
    ("bloated", "create table bloated (id int primary key, counter int, note text) with (fillfactor = 80); insert into bloated select i, 0, "
     "word(i) from generate_series(1, {n} / 3) i; update bloated set counter = counter + 1 where id % 3 = 0; vacuum bloated; "
     "update bloated set note = word(id + 1) where id % 5 = 1; vacuum bloated",
     {"rows, updated and vacuumed": "bloated", "btree int, bloated": "bloated_pkey"}),
    ("TOAST", "create table toasted as select i as id, (select string_agg(md5((i * 1000 + k)::text), '') || prose(i, 200) from "
     "generate_series(1, 60) k) as body from generate_series(1, {n} / 250) i",
     {"TOAST": "(select reltoastrelid::regclass from pg_class where relname = 'toasted')"}),
    ("int index, inserted", "create table shuffled (id int primary key, v int); insert into shuffled select i, i % 100 from "
     "generate_series(1, {n}) i order by hashint4(i)", {"btree int, inserted": "shuffled_pkey", "rows, shuffled": "shuffled"}),
    ("bigint index", "create table counted (id bigint primary key); insert into counted select i from generate_series(1, {n}) i; "
     "create index counted_built on counted (id)", {"btree bigint, inserted": "counted_pkey", "btree bigint, built": "counted_built"}),
    ("duplicates", "create table kinds (few int, many int, two text); insert into kinds select (random() * 5)::int, (random() * 50000)::int, "
     "word((random() * 1000)::bigint) from generate_series(1, {n}); create index kinds_few on kinds (few); create index kinds_many on kinds "
     "(many); create index kinds_plain on kinds (many) with (deduplicate_items = off); create index kinds_two on kinds (two, many)",
     {"btree, 5 values": "kinds_few", "btree, 50,000 values": "kinds_many", "btree, no deduplication": "kinds_plain",
      "btree (text, int), built": "kinds_two"}),
    ("composite index, inserted", "create table orders (customer int, at timestamptz, primary key (customer, at)); insert into orders select "
     "(random() * 20000)::int, timestamptz '2026-01-01' + i * interval '1.7 seconds' from generate_series(1, {n}) i",
     {"btree (int, timestamp), inserted": "orders_pkey"}),
    ("hash index", "create table hashed as select md5(i::text) as k from generate_series(1, {n} / 2) i; create index hashed_k on hashed "
     "using hash (k)", {"hash": "hashed_k", "md5 rows": "hashed"}),
    ("GiST index", "create table places as select point(random() * 180, random() * 90) as p from generate_series(1, {n} / 4); create index "
     "places_p on places using gist (p)", {"GiST": "places_p"}),
]

PGBENCH = {"pgbench_accounts": "pgbench_accounts", "pgbench_accounts_pkey": "pgbench_accounts_pkey", "pgbench_history": "pgbench_history"}
