"""The archiver's part: calls a command for each WAL file that waits, in order, one at a time. Run as a program by the
account that owns the data directory; prints JSON: what it took in all, and what the calls and what they left running
took of the processor.

    archive_loop.py PG_WAL NAMES WORD...     NAMES: a file with a name each line; of the words, %p is the file
"""

import ctypes
import json
import os
import sys
import time


def adopt_orphans():
    """What a call starts and leaves behind becomes a child of ours when the call ends, and its processor time is told."""
    PR_SET_CHILD_SUBREAPER = 36
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise SystemExit("prctl refuses to make this process a subreaper")


def seconds(usage):
    return usage.ru_utime + usage.ru_stime


def archive(path, words):
    """The processor time of one call."""
    argv = [word.replace("%p", path) for word in words]
    pid = os.posix_spawn(argv[0], argv, os.environ)
    orphans = 0.0
    while True:
        ended, status, usage = os.wait4(-1, 0)
        if ended == pid:
            break
        orphans += seconds(usage)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(argv)} ended with {os.waitstatus_to_exitcode(status)}")
    return seconds(usage), orphans


def wait_for_orphans():
    total = 0.0
    while True:
        try:
            total += seconds(os.wait4(-1, 0)[2])
        except ChildProcessError:
            return total


def main():
    folder, names_file, words = sys.argv[1], sys.argv[2], sys.argv[3:]
    status = folder + "/archive_status/"
    with open(names_file, encoding="ascii") as file:
        names = file.read().split()
    os.chdir(os.path.dirname(folder))  # as the server's archiver does
    adopt_orphans()
    for name in names:
        open(status + name + ".ready", "w", encoding="ascii").close()
    begin, calls, orphans = time.monotonic(), 0.0, 0.0
    for name in names:
        call, others = archive("pg_wal/" + name, words)
        calls, orphans = calls + call, orphans + others
        os.rename(status + name + ".ready", status + name + ".done")
    wall = time.monotonic() - begin
    print(json.dumps({"wall_s": wall, "calls_cpu_s": calls, "orphans_cpu_s": orphans + wait_for_orphans()}))


main()
