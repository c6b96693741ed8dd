"""The programs that archive and fetch WAL. Each has prepare(): a fresh repository; archive(wal): what the archiver's calls and
all other processes took."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from lib.subjects import Owlbackup, PgBackRest

LOOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "archive_loop.py")


@dataclass
class Archiving:
    """Each for one segment."""
    wall_s: float
    cpu_s: float       # of all processes
    call_cpu_s: float  # of the command that the archiver calls, alone
    stored_bytes: float


def process_seconds(pid):
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_loop(account, wal, words):
    wal.forget_status()
    wal.warm()
    os.sync()
    program = account.write(wal.server.folder + "/archive_loop.py", open(LOOP, encoding="utf-8").read())
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable  # ours may be out of the account's reach
    return json.loads(account.run([python, program, wal.folder, wal.list, *words]).splitlines()[-1])


class OwlbackupWal(Owlbackup):
    """The resident service, asked by owl-wal."""
    service = None

    def settings(self):
        postgres = f'[postgres]\ndata_directory = "{self.server.data}"\n'
        return super().settings().replace("[postgres]\n", postgres)

    def prepare(self):
        self.make()

    def start_service(self):
        log = open(self.folder + "/service.log", "ab")
        # In a session of its own, as a daemon is: the kernel shares a busy machine out by sessions.
        self.service = subprocess.Popen(self.command("wal", "serve"), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                        start_new_session=True, **self.account.options())
        for _ in range(200):
            try:
                with socket.socket(socket.AF_UNIX) as end:
                    end.connect(self.folder + "/state/wal.sock")
                    end.sendall(b"status\n")
                    if end.recv(2) == b"ok":
                        return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"the WAL service does not answer; see {self.folder}/service.log")

    def stop_service(self):
        if self.service is not None:
            self.service.terminate()
            self.service.wait()
            self.service = None

    def close(self):
        self.stop_service()
        super().close()

    def archive(self, wal):
        wal.forget_status()  # or the service would begin before the clock does
        self.start_service()
        before, cpu = self.stores[0].bytes(), process_seconds(self.service.pid)
        took = run_loop(self.account, wal, [self.programs + "/owl-wal", "--socket", self.folder + "/state/wal.sock", "push", "%p"])
        cpu = process_seconds(self.service.pid) - cpu
        self.stop_service()
        return per_segment(took, cpu, self.stores[0].bytes() - before, wal)


class PgBackRestWal(PgBackRest):
    """archive-async: the first call that finds nothing done starts a process that goes ahead, with workers."""

    def settings(self):
        return super().settings().replace("[global]\n", "[global]\narchive-async=y\n")

    def prepare(self):
        self.make("--no-online")

    def archive(self, wal):
        before = self.store.bytes()
        took = run_loop(self.account, wal, self.command("archive-push", "%p"))
        return per_segment(took, 0.0, self.store.bytes() - before, wal)


def per_segment(took, resident_cpu_s, stored_bytes, wal):
    count = wal.segments
    cpu = took["calls_cpu_s"] + took["orphans_cpu_s"] + resident_cpu_s
    return Archiving(took["wall_s"] / count, cpu / count, took["calls_cpu_s"] / count, stored_bytes / count)
