"""Orders from other processes: lines of JSON over a socket that only this machine can reach."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dispatch.drills.orders import read_json
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOOPBACK = "127.0.0.1"
MOST = 16
"""Connections at once."""

LONGEST = 64 * 1024
"""Bytes of a line that are taken."""

BACKLOG = 4 * 1024 * 1024
"""Bytes that may wait for a reader who does not read."""


@dataclass(eq=False)
class Client:
    """One connection."""

    connection: socket.socket
    received: bytes = b""
    pending: bytearray = field(default_factory=bytearray)
    """What is still to be sent."""
    closing: bool = False
    """Whether nothing more is taken, and the connection ends once everything is sent."""

    def fileno(self) -> int:
        """Return the number that ``select`` waits for."""
        return self.connection.fileno()


class Server:
    """Takes lines of JSON and sends lines of JSON; never waits, so that the clock can go on."""

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((LOOPBACK, port))
            self._socket.listen(MOST)
        except OSError as error:
            self._socket.close()
            message = f"--listen {port}: cannot be listened on ({error.strerror or error})."
            raise UsageError(message, hint="Give another port, or 0 for any that is free.") from None
        self._socket.settimeout(0.0)
        self.clients: list[Client] = []

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._socket.getsockname()[1])

    def fileno(self) -> int:
        """Return the number that ``select`` waits for."""
        return self._socket.fileno()

    def waiting(self) -> tuple[list[Any], list[Any]]:
        """Return what to wait for: to read from, and to write to."""
        reading = [client for client in self.clients if not client.closing]
        return [self, *reading], [client for client in self.clients if client.pending]

    def take(self, readable: Sequence[object], writable: Sequence[object]) -> list[tuple[Client, object]]:
        """Do what can be done without waiting; return the values that have come, each with who sent it."""
        if self in readable:
            self._accept()
        for client in [each for each in self.clients if each in writable]:
            self._send(client)
        taken: list[tuple[Client, object]] = []
        for client in [each for each in self.clients if each in readable]:
            taken += [(client, value) for value in self._receive(client)]
        return taken

    def _accept(self) -> None:
        try:
            connection, (address, _) = self._socket.accept()
        except OSError:  # it went away meanwhile
            return
        if address != LOOPBACK or len(self.clients) >= MOST:
            connection.close()
            return
        connection.settimeout(0.0)
        self.clients.append(Client(connection))

    def _receive(self, client: Client) -> list[object]:
        """Return the values of whole lines; whoever sends anything but JSON is told so and let go.

        That keeps web pages out, whose requests begin with words.
        """
        try:
            data = client.connection.recv(LONGEST)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.drop(client)
            return []
        *lines, client.received = (client.received + data).split(b"\n")
        values: list[object] = []
        for line in lines:
            try:
                values.append(read_json(line))
            except ValueError:
                self._refuse(client, "not a line of JSON")
                return values
        if len(client.received) > LONGEST:
            self._refuse(client, f"a line of over {LONGEST} bytes")
        return values

    def _refuse(self, client: Client, fact: str) -> None:
        self.answer(client, {"what": "refused", "ok": False, "text": f"{fact}; the connection ends."})
        client.closing = True
        self._send(client)

    def answer(self, client: Client, document: Mapping[str, Any]) -> None:
        """Send a document to one connection."""
        if client in self.clients and not client.closing:
            client.pending += (json.dumps(document, ensure_ascii=False) + "\n").encode()
            self._send(client)

    def tell(self, document: Mapping[str, Any]) -> None:
        """Send a document to everybody."""
        for client in list(self.clients):
            self.answer(client, document)

    def _send(self, client: Client) -> None:
        try:
            while client.pending:
                del client.pending[: client.connection.send(client.pending)]
        except BlockingIOError:
            if len(client.pending) > BACKLOG:
                self.drop(client)
            return
        except OSError:
            self.drop(client)
            return
        if client.closing:
            self.drop(client)

    def drop(self, client: Client) -> None:
        """End a connection."""
        if client in self.clients:
            self.clients.remove(client)
            client.connection.close()

    def close(self) -> None:
        """Send what is still to be sent, as far as it is read at once, and stop listening."""
        self._socket.close()
        for client in list(self.clients):
            client.connection.settimeout(1.0)
            try:
                client.connection.sendall(bytes(client.pending))
            except OSError:
                pass
            finally:
                self.drop(client)
