from __future__ import annotations

import socket

from sandbox.__main__ import main, parse


def test_settings_come_from_the_arguments(tmp_path):
    options = parse(["--port", "9", "--data-dir", str(tmp_path)])
    assert (options.port, options.data_dir, options.host) == (9, tmp_path, "127.0.0.1")


def test_a_port_in_use_is_explained(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port), "--data-dir", str(tmp_path)]) == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
