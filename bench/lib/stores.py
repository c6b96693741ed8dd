"""Where repositories lie: in a folder, or in a bucket of a real S3 server on this machine (Ceph's RADOS Gateway, TLS)."""

import json
import os
import random
import subprocess

from lib.measure import folder_bytes

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/real")


class Folder:
    def __init__(self, account, path):
        self.account, self.path = account, path

    def make(self):
        """Empty, for a fresh repository."""
        self.account.make_folder(self.path)

    def owlbackup(self):
        return f'url = "file://{self.path}"\n'

    def pgbackrest(self):
        return f"repo1-path={self.path}\n"

    def bytes(self):
        return folder_bytes(self.path)


class Bucket:
    def __init__(self, gateway, name):
        self.gateway, self.name, self.turn = gateway, name, 0

    def make(self):
        self.turn += 1  # what was there stays, and is nobody's

    def owlbackup(self):
        g = self.gateway
        return (f'url = "s3://{self.name}/turn-{self.turn}"\nendpoint = "https://127.0.0.1:{g.port}"\nregion = "region-1"\n'
                f'access_key_id = "{g.key}"\nsecret_access_key = "{g.secret}"\nca_file = "{g.authority}"\n')

    def pgbackrest(self):
        g = self.gateway
        return (f"repo1-type=s3\nrepo1-path=/turn-{self.turn}\nrepo1-s3-bucket={self.name}\nrepo1-s3-endpoint=127.0.0.1\n"
                f"repo1-storage-port={g.port}\nrepo1-s3-region=region-1\nrepo1-s3-uri-style=path\nrepo1-s3-key={g.key}\n"
                f"repo1-s3-key-secret={g.secret}\nrepo1-storage-ca-file={g.authority}\n")

    def bytes(self):
        said = subprocess.run(["radosgw-admin", "-c", self.gateway.folder + "/ceph.conf", "bucket", "stats", "--bucket=" + self.name],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return sum(usage.get("size", 0) for usage in json.loads(said)["usage"].values())


class Gateway:
    """One server for all subjects, with a bucket for each. Its own work is nobody's CPU time, but takes from the machine."""
    key, secret = "owltestkey", "owltestsecret"

    def __init__(self, account, folder, buckets):
        self.folder, self.port = folder, random.randrange(21000, 29000, 10)
        settings = {**os.environ, "TLS": "1", "SIZE": "12G", "BUCKETS": " ".join(buckets)}
        os.makedirs(folder)
        subprocess.run([SCRIPTS + "/rgw-up", folder, str(self.port), "--watch", str(os.getpid())], check=True, env=settings,
                       stdout=subprocess.DEVNULL)
        with open(folder + "/tls/ca.pem", encoding="ascii") as authority:  # within reach of the account
            self.authority = account.write(os.path.dirname(folder) + "/authority.pem", authority.read())

    def bucket(self, name):
        return Bucket(self, name)

    def close(self):
        subprocess.run([SCRIPTS + "/rgw-down", self.folder, "--wipe"], check=False, stdout=subprocess.DEVNULL)
