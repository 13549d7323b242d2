"""One process of the load: `python -m benchmarks.mixed 10000 --seed 1`, the tally as JSON.

The environment says which settings, which database, and by DATABASE_OWNER_URL who may end
others' connections.
"""

from __future__ import annotations

import argparse
import json
import logging
import os

import django


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requests", type=int)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", action="store_true", help="end others' connections meanwhile")
    asked = parser.parse_args()
    django.setup()
    logging.disable(logging.CRITICAL)
    from django.db import connection

    from benchmarks.mixed import load

    user, owner = str(connection.settings_dict["USER"]), os.environ["DATABASE_OWNER_URL"]
    kill = (user, owner) if asked.kill else None
    tally = load.run(asked.requests, threads=asked.threads, seed=asked.seed, kill=kill)
    print(json.dumps(vars(tally)))


if __name__ == "__main__":
    main()
