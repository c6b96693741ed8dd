"""One run of one program, and what it cost."""

import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

MIB = 1 << 20


@dataclass
class Cost:
    wall_s: float
    cpu_s: float         # user and system time of the program and all children that it waited for
    machine_cpu_s: float  # busy time of the whole machine meanwhile: the server's and the archiver's work, and strangers'
    peak_bytes: int      # resident memory of the process tree, summed; shared pages count once for each process
    stored_bytes: int = 0


def children_of(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += file.read().split()
    except OSError:
        pass  # it ended meanwhile
    return found


def resident_bytes(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            total = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        total = 0
    return total + sum(resident_bytes(child) for child in children_of(pid))


def busy_seconds():
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    user, nice, system, _idle, _wait, irq, softirq = ticks[:7]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


class PeakSampler(threading.Thread):
    """Looks every 20 ms; what one process alone reached between two looks comes from the kernel's own count."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.done = pid, 0, threading.Event()

    def run(self):
        while not self.done.wait(0.02):
            self.peak = max(self.peak, resident_bytes(self.pid))


def measure(account, argv, env=None, stdin=None, stdout=None):
    """Runs `argv` as `account`. A failure ends the benchmark with what the program said."""
    os.sync()
    with tempfile.TemporaryFile() as said:
        busy, begin = busy_seconds(), time.monotonic()
        process = subprocess.Popen([str(word) for word in argv], env=env, cwd="/", stdin=stdin or subprocess.DEVNULL,
                                   stdout=stdout or said, stderr=said, **account.options())
        sampler = PeakSampler(process.pid)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        sampler.done.set()
        sampler.join()
        if process.returncode != 0:
            said.seek(0)
            raise SystemExit(f"{' '.join(map(str, argv))} ended with {process.returncode}:\n{said.read().decode()}")
    # ru_maxrss is the largest single process; before exec it was a copy of this script, so it says nothing below that.
    largest = usage.ru_maxrss * 1024
    peak = max(sampler.peak, largest if largest > 32 * MIB else 0)
    return Cost(wall, usage.ru_utime + usage.ru_stime, busy_seconds() - busy, peak)


def folder_bytes(path):
    """The sizes of all files below."""
    total = 0
    for root, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                pass
    return total
