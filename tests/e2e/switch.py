"""A real FreeSWITCH on loopback with the project's own configuration; what it writes is in one folder."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .processes import REPOSITORY, environment, until

CONFIGURATION = REPOSITORY / "freeswitch" / "conf"
PASSWORD = "ClueCon"
FOLDERS = ("log", "db", "run", "storage", "recordings", "cache", "temp", "certs", "scripts", "grammar",
           "htdocs", "sounds", "mod-data")  # fmt: skip


class RealSwitch:
    """FreeSWITCH as a process, and its event socket."""

    def __init__(self, program: str, folder: Path, settings: Mapping[str, str]) -> None:
        """Start it.

        Args:
            program: the ``freeswitch`` binary.
            folder: where it may write.
            settings: what freeswitch/conf/vars.xml takes from the environment.

        Raises:
            RuntimeError: it died, or was not ready within 30 s.
        """
        self.sip_port, self.esl_port, self.test_port = free_ports(3)
        self._folder = folder
        options = ["-nf", "-nc", "-np", "-nonat", "-nonatmap", "-nocal", "-conf", str(CONFIGURATION)]
        for name in FOLDERS[:-1]:
            (folder / name).mkdir(parents=True, exist_ok=True)
            options += [f"-{name}", str(folder / name)]
        ports = {
            "FS_SIP_PORT": self.sip_port,
            "FS_TEST_PORT": self.test_port,
            "IVR_FREESWITCH_PORT": self.esl_port,
        }
        with (folder / "log" / "console.out").open("wb") as console:
            self._process = subprocess.Popen(
                [program, *options],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=environment({**settings, **{name: str(port) for name, port in ports.items()}}),
                start_new_session=True,
            )
        if not until(30, self._ready):
            self.stop()
            raise RuntimeError(f"FreeSWITCH is not ready; see {folder / 'log'}")

    def _ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(
                f"FreeSWITCH ended with {self._process.returncode}; see {self._folder / 'log'}"
            )
        try:
            # The event socket answers before the SIP profiles have bound their ports.
            return " is ready" in self.api("status") and "RUNNING" in self.api("sofia status")
        except (OSError, ValueError):
            return False

    def api(self, command: str) -> str:
        """Return what FreeSWITCH answers to an api command."""
        with socket.create_connection(("127.0.0.1", self.esl_port), 5) as connection:
            stream = connection.makefile("rwb")

            def answer() -> tuple[dict[str, str], str]:
                headers: dict[str, str] = {}
                while (line := stream.readline().decode().rstrip("\r\n")) or not headers:
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                return headers, stream.read(int(headers.get("content-length", 0))).decode()

            answer()
            stream.write(f"auth {PASSWORD}\n\n".encode())
            stream.flush()
            answer()
            stream.write(f"api {command}\n\n".encode())
            stream.flush()
            return answer()[1]

    def channels(self, number: str = "") -> list[dict[str, Any]]:
        """Return the channels that have to do with *number*, or all."""
        rows = json.loads(self.api("show channels as json")).get("rows", [])
        return [row for row in rows if number in json.dumps(row)]

    def stop(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that are free for TCP and UDP right now."""
    held: list[socket.socket] = []
    ports: list[int] = []
    while len(ports) < count:
        tcp = socket.socket()
        tcp.bind(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held += [tcp, udp]
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            continue
        ports.append(tcp.getsockname()[1])
    for each in held:
        each.close()
    return ports
