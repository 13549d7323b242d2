"""A line to the product that can be cut: what is open on it breaks, nothing new gets through."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.far_port = port
        self._ends: set[socket.socket] = set()
        self._is_cut = False
        self._changing = threading.Lock()
        super().__init__(("127.0.0.1", 0), Call)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def cut(self) -> None:
        with self._changing:
            self._is_cut = True
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        with self._changing:
            self._is_cut = False

    def take(self, *ends: socket.socket) -> bool:
        """False while the line is cut."""
        with self._changing:
            self._ends.update(ends)
            return not self._is_cut

    def give_back(self, *ends: socket.socket) -> None:
        with self._changing:
            self._ends.difference_update(ends)


class Call(socketserver.BaseRequestHandler):
    server: Line
    request: socket.socket

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.far_port)) as far:
            if self.server.take(self.request, far):
                back = threading.Thread(target=_pour, args=(far, self.request), daemon=True)
                back.start()
                _pour(self.request, far)
                back.join()
            self.server.give_back(self.request, far)


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def led_to(port: int) -> Iterator[Line]:
    with Line(port) as line:
        serving = threading.Thread(target=line.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield line
        finally:
            line.cut()
            line.shutdown()
            serving.join()
