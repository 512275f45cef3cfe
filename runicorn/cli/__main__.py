"""The same command as ``python -m runicorn.cli``."""

from runicorn.cli import main

main()
