"""A PostgreSQL of our own for tests: on a unix socket in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "s3cret-Passw0rd"


def program(name: str) -> str | None:
    """Return where a program of Debian's newest PostgreSQL lies; it is not on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextmanager
def database() -> Iterator[str]:
    """Start a server and give the address of an empty database in it, password included.

    It refuses to run as root; there it runs as the user its package made.
    """
    initdb, postgres = program("initdb"), program("postgres")
    assert initdb, "apt-get install postgresql"
    assert postgres
    root = os.getuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has at most 107 bytes
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if root:
        user = pwd.getpwnam("postgres")
        for path in (folder, secret):
            os.chown(path, user.pw_uid, user.pw_gid)
    as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
    process = None
    try:
        command = [initdb, "-D", f"{folder}/data", "-U", "tester", "-A", "scram-sha-256"]
        command += ["--pwfile", str(secret), "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **as_user)
        log = (folder / "log").open("wb")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "shared_buffers": "16MB",
        }
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        process = subprocess.Popen(
            [postgres, "-D", f"{folder}/data", *options], stderr=log, cwd="/", **as_user
        )
        ready = folder / "data" / "postmaster.pid"
        for _ in range(1_200):
            if ready.exists() and ready.read_text().splitlines()[7:8] == ["ready   "]:
                break
            time.sleep(0.05)
        yield f"postgresql://tester:{PASSWORD}@/postgres?host={folder}"
    finally:
        if process is not None:
            process.terminate()
            process.wait(120)
            log.close()
        shutil.rmtree(folder, ignore_errors=True)
