"""Recovery of a restored data directory, and how fast its log says that it went."""

import re
import subprocess
import time

REDO_DONE = re.compile(r"redo done at \S+ system usage: CPU: user: ([\d.]+) s, system: ([\d.]+) s, elapsed: ([\d.]+) s")


class Replay:
    """A server on `data`, started to recover, and stopped as soon as it has."""

    def __init__(self, account, server, data):
        self.account, self.server, self.data = account, server, data
        self.sockets = account.make_folder(data + "-sockets")
        self.log = data + ".log"

    def set_restore_command(self, command):
        """In place of the one that the restore wrote."""
        path = self.data + "/postgresql.auto.conf"
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith("restore_command")]
        quoted = command.replace("'", "''")
        self.account.write(path, "".join(lines) + f"restore_command = '{quoted}'\n")

    def command(self):
        settings = {"listen_addresses": "", "unix_socket_directories": self.sockets, "archive_mode": "off", "fsync": "on",
                    "shared_buffers": "1GB", "max_wal_size": "4GB", "checkpoint_timeout": "30min", "logging_collector": "off",
                    "recovery_prefetch": "try"}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return ["setpriv", "--pdeathsig", "QUIT", "--", self.server.bin + "/postgres", "-D", self.data, *words]

    def run(self, deadline_s=1800):
        """Seconds of redo as the server tells them: from the first record to the last."""
        with open(self.log, "wb") as log:
            process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/",
                                       start_new_session=True, **self.account.options())
        try:
            end = time.monotonic() + deadline_s
            while time.monotonic() < end and process.poll() is None:
                found = REDO_DONE.search(self.said())
                if found:
                    return float(found[3])
                time.sleep(0.1)
            raise SystemExit(f"no end of the recovery:\n{self.said()[-3000:]}")
        finally:
            if process.poll() is None:
                process.send_signal(3)  # SIGQUIT: what it would still do is of no interest
                process.wait()

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def segments_restored(self):
        return len(re.findall(r'restored log file "[0-9A-F]{24}"', self.said()))
