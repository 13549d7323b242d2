import socket
from contextlib import contextmanager

import pytest

from embedded import ports
from embedded.faults import Fault


@contextmanager
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_an_inner_port_is_remembered(tmp_path):
    first = ports.remembered(tmp_path / "ports", "postgres")
    assert ports.remembered(tmp_path / "ports", "postgres") == first


def test_services_have_ports_of_their_own(tmp_path):
    names = ("postgres", "valkey", "sandbox")
    assert len({ports.remembered(tmp_path / "ports", name) for name in names}) == 3


def test_an_inner_port_in_use_moves_and_the_move_is_remembered(tmp_path):
    with taken_port() as port:
        (tmp_path / "ports").write_text(f'{{"valkey": {port}}}')
        moved = ports.remembered(tmp_path / "ports", "valkey")
    assert moved != port
    assert ports.remembered(tmp_path / "ports", "valkey") == moved


def test_a_file_cut_short_is_begun_anew(tmp_path):
    (tmp_path / "ports").write_text('{"postg')
    assert ports.is_free(ports.remembered(tmp_path / "ports", "postgres"))


def test_a_web_port_in_use_is_refused_with_another_to_take():
    with taken_port() as port, pytest.raises(Fault, match=f"Port {port} is already") as caught:
        ports.require_web_port(str(port), "127.0.0.1")
    assert "make up PORT=" in caught.value.remedy


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80 ", ""])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(Fault, match="is not a port"):
        ports.require_web_port(text, "127.0.0.1")


def test_a_foreign_address_is_refused():
    with pytest.raises(Fault, match="no address of this machine"):
        ports.require_web_port("8123", "203.0.113.1")


def test_a_free_web_port_is_taken_as_it_is():
    port = ports.find_free()
    assert ports.require_web_port(str(port), "127.0.0.1") == port
