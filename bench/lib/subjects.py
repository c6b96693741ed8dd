"""The programs that are compared. Each has make(): a fresh repository; archive_command(); prepare(): both, and the server idle;
backup(), incremental(), restore(folder) and restore_delta(folder), measured."""

import os
import re
import shutil

from lib.measure import measure
from lib.stores import Folder

LEVEL, WORKERS = 3, 2


class Owlbackup:
    """Encrypted to an OpenPGP key, which is the default; page checksums are verified because the cluster has them."""

    def __init__(self, account, server, folder, programs, stores=1, name="owlbackup", store=None):
        self.name, self.account, self.server, self.folder = name, account, server, folder
        account.make_folder(folder)
        self.programs = folder + "/bin"  # within reach of the account, wherever this checkout is
        os.mkdir(self.programs)
        os.chmod(self.programs, 0o755)
        for program in ("owlbackup", "owl-wal"):
            shutil.copy(os.path.join(programs, program), self.programs)
        self.stores = [store] if store is not None else [Folder(account, f"{folder}/store{i}") for i in range(stores)]
        self.gnupg = account.make_folder(folder + "/gnupg")
        account.run(["gpg", "--homedir", self.gnupg, "--batch", "--quiet", "--passphrase", "", "--quick-generate-key",
                     "bench@example.com", "future-default", "default", "never"])
        self.config = account.write(folder + "/owlbackup.toml", self.settings())

    def settings(self):
        stores = "".join(f"[storage.store{i}]\n{store.owlbackup()}" for i, store in enumerate(self.stores))
        return (f'[postgres]\nconnection = "host={self.server.sockets} user=postgres dbname=postgres"\n'
                f'bin_directory = "{self.server.bin}"\n{stores}'
                f'[encryption]\nrecipients = ["bench@example.com"]\ngpg_home = "{self.gnupg}"\n'
                f"[compression]\nlevel = {LEVEL}\n[backup]\nworkers = {WORKERS}\n"
                f'[state]\ndirectory = "{self.folder}/state"\n')

    def close(self):
        self.account.run(["gpgconf", "--homedir", self.gnupg, "--kill", "all"])

    def command(self, *words):
        return [self.programs + "/owlbackup", "-c", self.config, "--no-progress", *words]

    def make(self):
        for store in self.stores:
            store.make()
        self.account.write(self.config, self.settings())
        self.account.make_folder(self.folder + "/state")
        self.account.run(self.command("init"))

    def archive_command(self):
        return f"OWLBACKUP_CONFIG={self.config} {self.programs}/owl-wal push %p"

    def prepare(self):
        self.make()
        self.server.archive_with(self.archive_command())

    def backup(self):
        return self.measure("--full")

    def incremental(self):
        return self.measure()

    def measure(self, *words):
        before = self.stores[0].bytes()
        cost = measure(self.account, self.command("backup", "cluster", *words))
        cost.stored_bytes = self.stores[0].bytes() - before
        return cost

    def restore(self, folder):
        cost = measure(self.account, self.command("restore", "cluster", "--to", folder, "--immediate"))
        self.account.run(self.command("restore", "finish", "--to", folder))  # ends the agent that waits to serve WAL
        return cost

    def restore_delta(self, folder):
        cost = measure(self.account, self.command("restore", "cluster", "--to", folder, "--immediate", "--delta"))
        self.account.run(self.command("restore", "finish", "--to", folder))
        return cost

    def version(self):
        return self.account.run([self.programs + "/owlbackup", "--version"]).split()[-1]


class PgBackRest:
    name = "pgBackRest"

    def __init__(self, account, server, folder, store=None):
        self.account, self.server, self.folder = account, server, folder
        self.store = store if store is not None else Folder(account, folder + "/repo")
        self.program = shutil.which(os.environ.get("PGBACKREST", "pgbackrest"))
        if self.program is None:
            raise SystemExit("there is no pgbackrest; ./dev setup bench installs it, PGBACKREST names another")
        account.make_folder(folder)
        self.config = account.write(folder + "/pgbackrest.conf", self.settings())

    def settings(self):
        block = "repo1-block=y\n" if self.version_numbers() >= (2, 46) else ""
        return (f"[global]\n{self.store.pgbackrest()}spool-path={self.folder}/spool\nlock-path={self.folder}/lock\n"
                f"log-path={self.folder}/log\nlog-level-file=off\nlog-level-console=warn\nstart-fast=y\n"
                f"compress-type=zst\ncompress-level={LEVEL}\nprocess-max={WORKERS}\nrepo1-bundle=y\n{block}"
                f"repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=bench-is-no-secret\nrepo1-retention-full=99\n"
                f"[global:backup]\nchecksum-page=y\n"
                f"[bench]\npg1-path={self.server.data}\npg1-socket-path={self.server.sockets}\npg1-user=postgres\n")

    def close(self):
        pass

    def command(self, *words):
        return [self.program, "--config=" + self.config, "--stanza=bench", *words]

    def make(self, *words):
        self.store.make()
        self.account.write(self.config, self.settings())
        for name in ("spool", "lock", "log"):
            self.account.make_folder(f"{self.folder}/{name}")
        self.account.run(self.command("stanza-create", *words))

    def archive_command(self):
        return " ".join(self.command("archive-push", "%p"))

    def prepare(self):
        self.make()
        self.server.archive_with(self.archive_command())

    def backup(self):
        return self.measure("full")

    def incremental(self):
        return self.measure("incr")

    def measure(self, kind):
        before = self.store.bytes()
        cost = measure(self.account, self.command(f"--type={kind}", "backup"))
        cost.stored_bytes = self.store.bytes() - before
        return cost

    def restore(self, folder):
        self.account.make_folder(folder)
        return measure(self.account, self.command("--pg1-path=" + folder, "--type=immediate", "restore"))

    def restore_delta(self, folder):
        return measure(self.account, self.command("--pg1-path=" + folder, "--type=immediate", "--delta", "restore"))

    def version_numbers(self):
        return tuple(int(part) for part in re.findall(r"\d+", self.version())[:2])

    def version(self):
        return self.account.run([self.program, "version"]).split()[1]


class Limits:
    """What the machine does with the same bytes if nothing but zstd is between them and the page cache, or the disk."""

    name = "zstd alone"

    def __init__(self, account, server, folder, programs):
        self.account, self.server, self.folder = account, server, folder
        account.make_folder(folder)
        self.program = shutil.copy(os.path.join(programs, "cluster_limits"), folder)
        self.list = account.write(folder + "/list", "\n".join(server.files()) + "\n")

    def close(self):
        pass

    def prepare(self):
        pass

    def backup(self):
        cost = self.run("compress", str(LEVEL))
        cost.stored_bytes = int(self.said)
        return cost

    def restore(self, folder):
        self.account.make_folder(folder)
        packed = self.folder + "/packed"
        if not os.path.exists(packed):
            self.run("pack", str(LEVEL), packed)
        return self.run("unpack", packed, folder + "/data")

    def run(self, *words):
        with open(self.list, encoding="utf-8") as listing, open(self.folder + "/said", "w+", encoding="utf-8") as said:
            cost = measure(self.account, [self.program, str(WORKERS), *words], stdin=listing, stdout=said)
            said.seek(0)
            self.said = said.read()
        return cost
