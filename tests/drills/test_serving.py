"""The socket for other programs: lines of JSON on this machine, and nobody else."""

from __future__ import annotations

import json
import select
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.drills.serving import LONGEST, MOST, Server
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from dispatch.drills.serving import Client


def connected(server: Server) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    before = len(server.clients)
    while len(server.clients) == before:
        turn(server)
    return link


def turn(server: Server) -> list[tuple[Client, object]]:
    """Wait until something can be done, and do it."""
    readable, writable, _ = select.select(*server.waiting(), [], 10)
    assert readable or writable
    return server.take(readable, writable)


def received(link: socket.socket) -> Any:
    with link.makefile("rb") as lines:
        return json.loads(lines.readline())


def test_lines_come_whole_however_they_are_cut_and_answers_go_back() -> None:
    with closing(Server()) as server, connected(server) as one, connected(server) as other:
        one.sendall('{"say": "派'.encode())
        assert turn(server) == []
        one.sendall(b' E1"}\n{"clock": "pause"}\n[1')
        first, second = turn(server)
        assert [first[1], second[1]] == [{"say": "派 E1"}, {"clock": "pause"}]
        server.answer(first[0], {"ok": True})
        assert received(one) == {"ok": True}
        server.tell({"what": "end"})
        assert (received(one), received(other)) == ({"what": "end"}, {"what": "end"})


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n{}\n",
        b"\xff\n{}\n",
        b"[" * 5000 + b"\n{}\n",
        b'{"say": "pause", "ref": NaN}\n{}\n',
        b'{"note": "\\ud800"}\n{}\n',
        b'{"clock": {"jump": 1e999}}\n',
    ],
)
def test_who_sends_anything_else_is_let_go_and_nothing_of_it_is_done(sent: bytes) -> None:
    with closing(Server()) as server, connected(server) as link:
        link.sendall(sent)
        assert turn(server) == []
        assert received(link)["ok"] is False
        assert server.clients == []
        assert link.recv(100) == b""


def test_a_line_without_end_is_refused() -> None:
    with closing(Server()) as server, connected(server) as link:
        link.sendall(b" " * (LONGEST + 1))
        while server.clients:
            assert turn(server) == []
        assert "over 65536 bytes" in received(link)["text"]


def test_who_leaves_is_forgotten_and_who_is_one_too_many_is_refused() -> None:
    with closing(Server()) as server:
        links = [connected(server) for _ in range(MOST)]
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as late:
            turn(server)
            assert late.recv(1) == b""
        for link in links:
            link.close()
        while server.clients:
            assert turn(server) == []


def test_it_listens_on_this_machine_only_and_a_port_once() -> None:
    with closing(Server()) as server:
        assert server._socket.getsockname()[0] == "127.0.0.1"
        with pytest.raises(UsageError, match="cannot be listened on"):
            Server(server.port)


def test_what_is_still_to_be_sent_is_sent_when_it_closes() -> None:
    server = Server()
    port = server.port
    with connected(server) as link:
        server.tell({"what": "end"})
        server.close()
        assert received(link) == {"what": "end"}
        assert link.recv(1) == b""
        with pytest.raises(OSError, match=r".+"):
            socket.create_connection(("127.0.0.1", port), timeout=1)
