"""Run the benchmarks named on the command line, or all of them."""

from __future__ import annotations

import importlib
import sys

ALL = ("log_call", "start", "overhead", "catch_up", "console")


def main() -> int:
    """Run them one after the other; the exit status tells whether every goal was met."""
    results = [importlib.import_module(f"benchmarks.{name}").main() for name in sys.argv[1:] or ALL]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
