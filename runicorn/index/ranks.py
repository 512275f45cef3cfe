"""Ranks in the index: the journals of further ranks, and the keys their metrics stand under.

``loss`` of rank 1 stands as ``rank1//loss``: no metric that somebody logs has an empty part, so
nobody's own metric is ever mixed up with it. See docs/decisions/0009-metrics-of-further-ranks.md.
"""

from __future__ import annotations

import re

from runicorn.layout import JOURNAL_FILE

_FILE = re.compile(r"events-([1-9][0-9]{0,8})\.jsonl", re.ASCII)
_KEY = re.compile(r"rank([1-9][0-9]{0,8})//(.+)", re.ASCII | re.DOTALL)


def rank_of(file: str) -> int | None:
    """Tell whose journal a file is by its name; ``None`` when it is none."""
    if file == JOURNAL_FILE:
        return 0
    match = _FILE.fullmatch(file)
    return int(match[1]) if match else None


def ranked(key: str, rank: int) -> str:
    """Return the key under which a metric of a rank stands in the index."""
    return f"rank{rank}//{key}" if rank else key


def unranked(key: str) -> tuple[str, int]:
    """Return the key as it was logged, and the rank that logged it."""
    match = _KEY.fullmatch(key)
    return (match[2], int(match[1])) if match else (key, 0)
