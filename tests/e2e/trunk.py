"""The provider's side of the trunk: one SIP address, behind it the phones of every scene.

The library that phones.py uses can hold four calls a process, so each scene has a process of its own, and
what comes in here is handed on by the caller's number. Nothing is changed on the way: the answer to an INVITE
names the phone's own address, and what follows goes there directly.
"""

from __future__ import annotations

import re
import socket
import threading

FROM = re.compile(rb"^(?:From|f)\s*:[^\r\n]*?sips?:\+?([^@>;\r\n]*)@", re.MULTILINE | re.IGNORECASE)
CALLED = re.compile(rb"^INVITE sips?:\+?([^@>;\r\n]*)@", re.IGNORECASE)
CALL_ID = re.compile(rb"^(?:Call-ID|i)\s*:\s*([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
RESPONSE = b"SIP/2.0 "

Address = tuple[str, int]


class Trunk:
    """Hands SIP datagrams on between the switch and the phones, in a thread."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.strays: list[bytes] = []
        """INVITEs for callers whom no scene has announced."""
        self._switch: Address = ("127.0.0.1", 0)
        self._of_caller: dict[bytes, Address] = {}
        self._of_call: dict[bytes, Address] = {}
        self._thread = threading.Thread(target=self._hand_on, daemon=True)
        self._thread.start()

    def lead(self, caller: str, port: int) -> None:
        """From now on calls from *caller* go to the phones at *port*."""
        self._of_caller[caller.encode()] = ("127.0.0.1", port)

    def close(self) -> None:
        """Stop."""
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _hand_on(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(65536)
            if not data:
                return
            if data.startswith(RESPONSE):
                self._socket.sendto(data, self._switch)
            elif phones := self._phones(data):
                self._switch = sender
                self._socket.sendto(data, phones)

    def _phones(self, request: bytes) -> Address | None:
        call, caller = CALL_ID.search(request), FROM.search(request)
        if call is None or caller is None:
            return None
        if call.group(1) not in self._of_call:
            # Who is called back is rung without the number of any caller.
            called = CALLED.search(request)
            named = (caller.group(1), called.group(1) if called else b"")
            phones = next((self._of_caller[name] for name in named if name in self._of_caller), None)
            if phones is None:
                self.strays.append(request)
                return None
            self._of_call[call.group(1)] = phones
        return self._of_call[call.group(1)]
