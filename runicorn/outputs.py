"""Outputs: the summary of a run, what its script says came out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from runicorn.errors import InvalidValueError

Changed = Callable[[Mapping[str, Any]], None]


class Summary(MutableMapping[str, Any]):
    """What the script set; called with a dictionary it sets several values at once.

    What can be derived from the metrics (last, extremes, mean, count) is not kept here: readers
    derive it, so it survives a crash. See `runicorn.run_by_id`.
    """

    def __init__(self, values: dict[str, Any], changed: Changed) -> None:
        """Show a document that `changed` changes."""
        self._values = values
        self._changed = changed

    def __call__(self, update: Mapping[str, Any]) -> None:
        """Set outputs; later values replace earlier ones of the same key.

        Raises:
            InvalidValueError: It is no dictionary.
            RunClosedError: The run was finished before.
        """
        if not isinstance(update, Mapping):
            raise InvalidValueError("summary", update, f"takes a dictionary, not {update!r}")
        self._changed(update)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._changed({key: value})

    def __delitem__(self, key: str) -> None:
        raise InvalidValueError(key, None, "can't be taken out of the summary; set it to None")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def update(self, *given: Any, **more: Any) -> None:
        """Set several values at once, as one change."""
        self._changed({**dict(*given), **more})

    def __repr__(self) -> str:
        return f"Summary({self._values!r})"
