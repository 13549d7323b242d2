# Parsed by any Python 3, so that a wrong one gets a sentence instead of a syntax error.
import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- the very case this file is for
    found = ".".join(map(str, sys.version_info[:2])) + f" ({sys.executable})"
    sys.exit(
        f"ToolBoxAI needs Python 3.11 or newer; this is {found}.\n"
        "What to do: install a newer one, then `make up PYTHON=/path/to/python3.11`."
    )

from embedded.cli import main

if __name__ == "__main__":
    sys.exit(main())
