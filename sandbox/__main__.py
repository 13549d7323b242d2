"""`python -m sandbox --port N --data-dir D [--host H]`. Takes its settings from argv only."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sandbox.server import listen, make_server


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="A loopback Roblox Open Cloud.")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free port")
    parser.add_argument("--data-dir", type=Path, required=True, help="where its state is kept")
    parser.add_argument("--dns-port", type=int, default=0, help="its name server's, on 127.0.0.1")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        bound = listen(options.host, options.port)
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)
        return 1
    make_server(options.data_dir, dns_port=options.dns_port).run(sockets=[bound])
    return 0


if __name__ == "__main__":
    sys.exit(main())
