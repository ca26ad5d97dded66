"""A PostgreSQL of our own: Debian's programs, a folder in /tmp, a port on loopback that was free."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

MISSING = "NO POSTGRESQL HERE, the journal is not tested on it: apt-get install postgresql (Debian's package)"
PASSWORD = "s3cret-of-the-tests"
PATIENCE = 60
"""Seconds that a program of PostgreSQL may take."""


class PostgreSQL:
    """A running server. It is run by somebody else than root, who it refuses to be run by."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        self._user = _somebody() if os.geteuid() == 0 else None
        self._numbers = count(1)
        self.port = _free_port()

    def start(self) -> None:
        """Make the cluster and start the server."""
        if self._user:
            shutil.chown(self._folder, self._user)
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        if self._user:
            shutil.chown(secret, self._user)
        login = ("--username=ivr", "--auth=scram-sha-256", f"--pwfile={secret}")
        self._run("initdb", *login, "--encoding=UTF8", "--locale=C", "--no-sync", "-D", self._data)
        self._start()
        # The guard's input ends with us, however we end: it then stops the server.
        stop = 'read -r _; exec "$0" stop -D "$1" -m immediate -w'
        self._guard = subprocess.Popen(
            ["sh", "-c", stop, self._programs / "pg_ctl", self._data],
            user=self._user,
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        """End the server, whatever it does."""
        self._guard.communicate(timeout=PATIENCE)

    def restart(self) -> None:
        """Let the server crash, and start it again."""
        self._run("pg_ctl", "stop", "-D", self._data, "-m", "immediate", "-w")
        self._start()

    def url(self, database: str = "postgres", password: str = PASSWORD) -> str:
        """Return the URL of a database, as `IVR_JOURNAL` has it."""
        return f"postgresql://ivr:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Return the URL of a new database with nothing in it."""
        name = f"journal_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def _start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        log = self._folder / "log"
        self._run("pg_ctl", "start", "-D", self._data, "-l", log, "-w", "-o", options)

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            user=self._user,
            cwd=self._folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=True,
        )


@contextmanager
def postgresql() -> Iterator[PostgreSQL | None]:
    """Yield a running server, or None where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="ivr-postgresql-") as folder:
        server = PostgreSQL(programs, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path | None:
    """Return the folder of the newest PostgreSQL. Debian has them outside of PATH."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3].split(".")[0])
    )
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _somebody() -> str:
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
