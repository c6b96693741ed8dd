"""A PostgreSQL server with a cluster to back up, of Debian's version 15 unless PG_BIN says otherwise."""

import os
import subprocess
import time

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 60min
wal_level = replica
archive_mode = on
archive_command = '/bin/true'
maintenance_work_mem = 256MB
max_locks_per_transaction = 1024
autovacuum = off
logging_collector = off
synchronous_commit = off
fsync = off
"""

# What real rows are made of: numbers, text out of a vocabulary, hashes, uuids, addresses, documents.
TABLES = """
create table words as select i, (array['server','backup','render','queue','frame','texture','camera','light','scene',
  'export','import','owner','project','asset','license','invoice','payment','session','token','region','bucket','object',
  'version','retry','timeout','error','warning','status','pending','complete','failed','running','node','worker',
  'memory','video','audio','format','codec','bitrate'])[1 + abs(hashint4(i)) % 40] as w from generate_series(0, 9999) i;
create table events (id bigint primary key, ts timestamptz not null, user_id int not null, session uuid not null,
  ip inet, kind text, path text, status smallint, ms int, amount numeric(12,2), agent text);
insert into events select i, timestamptz '2026-01-01' + i * interval '1.7 seconds' + random() * interval '1 second',
  (random() * random() * 200000)::int, md5((i / 20)::text || 'x')::uuid,
  ('10.' || (i * 31) % 256 || '.' || (i * 17) % 256 || '.' || (random() * 255)::int)::inet,
  (array['view','click','purchase','login','upload'])[1 + (random() * 4)::int],
  '/api/v1/' || (array['jobs','assets','scenes','users'])[1 + i % 4] || '/' || (random() * 1000000)::int,
  (array[200,200,200,201,304,404,500])[1 + (random() * 6)::int], (random() * random() * 3000)::int,
  round((random() * 500)::numeric, 2),
  (array['Mozilla/5.0 (X11; Linux x86_64) Gecko','Mozilla/5.0 (Macintosh; Intel Mac OS X)','curl/7.88.1',
  'owl-client/2.0.1 (node 20)'])[1 + (random() * 3)::int] from generate_series(1, {events}) i;
create index on events (user_id, ts);
create table docs (id bigserial primary key, created timestamptz not null, body jsonb not null);
insert into docs(created, body) select timestamptz '2026-01-01' + i * interval '37 seconds', jsonb_build_object(
  'id', i, 'user', md5((i % 5000)::text), 'trace', md5(i::text) || md5((i * 3)::text),
  'amount', round((random() * 10000)::numeric, 2), 'message', (select string_agg(w, ' ') from words
  where words.i between (i::int8 * 104729) % 9900 and (i::int8 * 104729) % 9900 + 40), 'geo', jsonb_build_object(
  'lat', random() * 180 - 90, 'lon', random() * 360 - 180)) from generate_series(1, {docs}) i;
create index on docs using gin (body jsonb_path_ops);
create table texts (id bigserial primary key, title text, body text);
insert into texts(title, body) select 'Report ' || i, (select string_agg(w || case when random() < 0.1
  then '. ' || md5(random()::text) else '' end, ' ') from words where words.i between (i::int8 * 7919) % 9600
  and (i::int8 * 7919) % 9600 + 300) from generate_series(1, {texts}) i;
"""

SMALL_TABLES = """do $$ begin for i in {first}..{last} loop
  execute format('create table small_%s (id int primary key, name text, v text)', i);
  if i % 5 <> 0 then execute format('insert into small_%s select g, ''n''||g, md5(g::text) from generate_series(1,%s) g',
    i, 1 + i % 60); end if;
end loop; end $$"""


class Server:
    def __init__(self, account, folder):
        self.account, self.folder = account, folder
        self.bin = os.environ.get("PG_BIN", "/usr/lib/postgresql/15/bin")
        self.data, self.sockets, self.log = folder + "/data", folder + "/sockets", folder + "/server.log"
        self.process = None

    def is_made(self, size_mb, small_tables):
        """Was such a cluster left here by an earlier run?"""
        try:
            with open(self.folder + "/made", encoding="ascii") as file:
                return file.read() == f"{size_mb} {small_tables}\n"
        except FileNotFoundError:
            return False

    def create(self, size_mb, small_tables, checksums=True):
        """About that many MB; four files for each small table."""
        self.account.make_folder(self.folder)
        self.account.make_folder(self.data)
        self.account.make_folder(self.sockets)
        self.account.run([self.bin + "/initdb", "-D", self.data, *(["-k"] if checksums else []), "-A", "trust", "-U", "postgres", "--locale=C.UTF-8",
                          "-E", "UTF8", "--no-sync"])
        self.account.write(self.data + "/postgresql.auto.conf", SETTINGS.format(sockets=self.sockets))
        self.start()
        self.psql("create database bench", database="postgres")
        share = size_mb / 1000
        self.account.run([self.bin + "/pgbench", "-i", "-q", "-I", "dtgvp", "-s", max(1, round(27 * share)), "-h", self.sockets,
                          "-U", "postgres", "bench"])
        self.psql(TABLES.format(events=round(2_000_000 * share), docs=round(73_000 * share), texts=round(22_000 * share)))
        for first in range(1, small_tables + 1, 500):
            self.psql(SMALL_TABLES.format(first=first, last=min(first + 499, small_tables)))
        self.psql("vacuum analyze")
        self.psql("checkpoint")
        self.account.write(self.folder + "/made", f"{size_mb} {small_tables}\n")

    def start(self):
        """The kernel ends the server if this script is killed."""
        with open(self.log, "ab") as log:
            argv = ["setpriv", "--pdeathsig", "QUIT", "--"]
            if self.account.switch:
                argv[1:1] = [f"--reuid={self.account.uid}", f"--regid={self.account.gid}", "--init-groups"]
            self.process = subprocess.Popen(argv + [self.bin + "/postgres", "-D", self.data], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd="/", start_new_session=True)
        for _ in range(600):
            if self.process.poll() is not None:
                break
            if subprocess.run([self.bin + "/pg_isready", "-q", "-h", self.sockets], check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise SystemExit(f"the server does not start; see {self.log}")

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(2)  # SIGINT: fast shutdown
            self.process.wait()

    def psql(self, sql, database="bench"):
        return self.account.run([self.bin + "/psql", "-X", "-q", "-At", "-h", self.sockets, "-U", "postgres", "-d", database,
                                 "-v", "ON_ERROR_STOP=1", "-c", sql]).strip()

    def archive_with(self, command):
        """Sets archive_command, and waits until all WAL so far went through one: the server is then idle."""
        quoted = command.replace("'", "''")
        self.psql(f"alter system set archive_command = '{quoted}'")
        self.psql("select pg_reload_conf()")
        self.psql("checkpoint")
        segment = self.psql("select pg_walfile_name(pg_logical_emit_message(false, 'bench', 'x') - 1)")
        self.psql("select pg_switch_wal()")
        status = self.data + "/pg_wal/archive_status/" + segment
        for _ in range(1200):
            if os.path.exists(status + ".done"):
                return
            time.sleep(0.05)
        raise SystemExit(f"{segment} was not archived; see {self.log}")

    def touch_one_page_in(self, pages):
        """Updates single rows, at random places of pgbench's largest table: so many as give one page in `pages` of the cluster."""
        size = int(self.psql("select sum(pg_database_size(oid)) from pg_database"))
        self.psql(f"update pgbench_accounts set abalance = abalance + 1 where aid in (select (random() * "
                  f"(select count(*) from pgbench_accounts))::int from generate_series(1, {size // 8192 // pages}))")
        self.psql("checkpoint")

    def version(self):
        return self.account.run([self.bin + "/postgres", "--version"]).split()[2]

    def files(self):
        """Paths of all files that a physical backup reads."""
        found = []
        for root, folders, names in os.walk(self.data):
            folders[:] = [name for name in folders if name != "pg_wal"]
            found += [os.path.join(root, name) for name in names]
        return sorted(found)
