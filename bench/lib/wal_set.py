"""WAL that pgbench and a few larger statements made, waiting in the pg_wal of a server that was stopped."""

import os
import re
import shutil

# Nothing is removed or recycled, and a checkpoint comes as often as on a server with the default max_wal_size.
SETTINGS = {"wal_keep_size": "64GB", "max_wal_size": "1GB", "min_wal_size": "80MB",
            "checkpoint_timeout": "5min"}
# One after the other: single rows all over the tables, documents with their indexes, many rows of each page. Of the last, a
# part is page images: each page's first change after a checkpoint.
ROWS = "insert into docs(created, body) select created, body || '{\"copy\": true}' from docs order by random() limit 1500"
MANY_ROWS = "update pgbench_accounts set abalance = abalance + 1 where aid % 8 = {part}; vacuum pgbench_accounts"
# One row of each page behind a checkpoint, again and again: nearly all of it page images, made at a hundred MB a second.
IMAGES = "; ".join("checkpoint; update pgbench_accounts set abalance = abalance + 1 where aid % 61 = {part}" for _ in range(4))


def is_segment(name):
    return re.fullmatch("[0-9A-F]{24}", name) is not None


class WalSet:
    def __init__(self, account, server, segments):
        self.account, self.server, self.segments = account, server, segments
        self.folder = server.data + "/pg_wal"
        self.list = server.folder + "/segments"

    def is_made(self):
        """Was it left here by an earlier run?"""
        return os.path.exists(self.list) and len(self.names()) == self.segments

    def names(self):
        with open(self.list, encoding="ascii") as file:
            return file.read().split()

    def waiting(self):
        names = (name[:-6] for name in os.listdir(self.folder + "/archive_status") if name.endswith(".ready"))
        return sorted(name for name in names if is_segment(name))

    def keep_all(self):
        """From here on the running server removes nothing."""
        self.set(SETTINGS)

    def hold_back(self):
        """… and archives nothing."""
        self.set(SETTINGS | {"archive_command": "/bin/false"})

    def set(self, settings):
        for name, value in settings.items():
            self.server.psql(f"alter system set {name} = '{value}'")
        self.server.psql("select pg_reload_conf()")

    def make(self, work="mixed"):
        """Ends with the server stopped. `work`: pgbench and documents alone; "mixed": larger updates, too; "images": for a
        thousand segments, of which most is page images."""
        part = 0
        while len(self.waiting()) < self.segments + 1:
            self.account.run([self.server.bin + "/pgbench", "-n", "-c", "4", "-j", "2", "-T", "4", "-h", self.server.sockets,
                              "-U", "postgres", "bench"])
            self.server.psql(ROWS)
            if work != "pgbench":
                self.write(MANY_ROWS.format(part=part % 8))
            if work == "images":
                self.write(IMAGES.format(part=part % 61))
            part += 1
        self.server.stop()
        self.account.write(self.list, "\n".join(self.waiting()[:self.segments]) + "\n")

    def write(self, statements):
        for statement in statements.split("; "):  # VACUUM and CHECKPOINT want no transaction around them
            self.server.psql(statement)

    def begin_with(self, first):
        """The list is everything from this segment on; what lies behind its end goes, so that all recoveries end there."""
        names = sorted(name for name in os.listdir(self.folder) if is_segment(name) and name >= first)
        keep = names[:self.segments]
        for name in names[self.segments:]:
            os.remove(os.path.join(self.folder, name))
        self.account.write(self.list, "\n".join(keep) + "\n")

    def forget_status(self):
        """As if none had been offered yet."""
        status = self.folder + "/archive_status"
        shutil.rmtree(status)
        self.account.make_folder(status)

    def warm(self):
        for name in self.names():
            with open(os.path.join(self.folder, name), "rb", buffering=0) as file:
                while file.read(8 << 20):
                    pass
