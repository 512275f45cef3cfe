"""Inputs: the config of a run, readable and changeable like a dictionary and by attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from runicorn.errors import InvalidValueError
from runicorn.values import as_mapping

Changed = Callable[[Mapping[str, Any]], None]
"""Records changes, nested as they lie in the config, and makes them."""


class Config(MutableMapping[str, Any]):
    """Hyper-parameters and other inputs; every change is recorded at once.

    ``config["lr"]`` and ``config.lr`` are the same; nested dictionaries answer alike. Removing a
    key is refused: what a run was told stays on record.
    """

    __slots__ = ("_changed", "_values")

    def __init__(self, values: dict[str, Any], changed: Changed) -> None:
        """Show a document that `changed` changes."""
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_changed", changed)

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        if isinstance(value, dict):
            return Config(value, lambda inner: self._changed({key: inner}))
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        raise InvalidValueError(key, None, "can't be taken out of the config; set it to None")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the config has no {name!r}; it has {sorted(self)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (self.as_dict(),)  # a copy, wherever it goes, records nothing

    def __repr__(self) -> str:
        return f"Config({self._values!r})"

    def update(self, *given: Any, **more: Any) -> None:
        """Set several values at once; nested dictionaries are merged.

        Args:
            *given: One dictionary, dataclass, argparse namespace, pydantic or OmegaConf object.
            **more: Further values.

        Raises:
            InvalidValueError: It is none of these, or can't be kept; nothing was changed.
        """
        changes: dict[str, Any] = {}
        for each in given:
            changes |= config_of(each)
        self._changed({**changes, **more})

    def as_dict(self) -> dict[str, Any]:
        """Return a copy in plain dictionaries and lists."""
        import copy

        return copy.deepcopy(self._values)


def config_of(given: object) -> Mapping[str, Any]:
    """Return what can be a config as a dictionary.

    Raises:
        InvalidValueError: It can't.
    """
    if given is None:
        return {}
    found = as_mapping(given)
    if found is None:
        raise InvalidValueError(
            "config",
            given,
            "takes a dictionary, dataclass, argparse namespace, pydantic or OmegaConf object, "
            f"not {given!r}",
        )
    return found


def merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Put changes into a document; dictionaries in both are merged."""
    for key, value in changes.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merge(old, value)
        else:
            into[key] = value
