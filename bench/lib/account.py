"""The account that everything runs as, since PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import subprocess


class Account:
    """As root: postgres, or whom OWL_BENCH_USER names. Else: ourselves."""

    def __init__(self):
        self.switch = os.geteuid() == 0
        name = os.environ.get("OWL_BENCH_USER", "postgres") if self.switch else pwd.getpwuid(os.geteuid()).pw_name
        entry = pwd.getpwnam(name)
        self.name, self.uid, self.gid = name, entry.pw_uid, entry.pw_gid

    def options(self):
        """For subprocess.Popen."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": os.getgrouplist(self.name, self.gid)}

    def run(self, argv, env=None, **more):
        """Runs to the end; a failure shows what the program said. Returns what it printed."""
        done = subprocess.run([str(word) for word in argv], env=env, cwd="/", text=True, stdin=more.pop("stdin", subprocess.DEVNULL),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more, **self.options())
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, argv))} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def make_folder(self, path):
        """A fresh, empty folder of this account's."""
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path, mode=0o700)
        if self.switch:
            os.chown(path, self.uid, self.gid)
        return path

    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if self.switch:
            os.chown(path, self.uid, self.gid)
        return path
