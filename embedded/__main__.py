# Parsed by any Python 3, so that a wrong one gets a sentence instead of a syntax error.
import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- the very case this file is for
    sys.exit(
        "ToolBoxAI needs Python 3.11 or newer; this is {}.{} ({}).\n"
        "What to do: install a newer one, then `make up PYTHON=/path/to/python3.11`.".format(
            sys.version_info[0], sys.version_info[1], sys.executable
        )
    )

from embedded.cli import main

if __name__ == "__main__":
    sys.exit(main())
