"""What it was measured on."""

import os
import platform


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def print_machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    print(f"machine   {os.cpu_count()} × {processor()}, {memory >> 30} GiB, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}",
          flush=True)


def print_versions(server, subjects):
    print(f"versions  PostgreSQL {server.version()}; " + "; ".join(f"{s.name} {s.version()}" for s in subjects if hasattr(s, "version")),
          flush=True)
