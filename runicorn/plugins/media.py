"""Built-in plugin: takes figures, pictures and data frames as they are."""

from __future__ import annotations

from runicorn.pieces import Media
from runicorn.plugins.hookspecs import hookimpl


@hookimpl
def runicorn_media_types() -> list[type[Media]]:
    """Tell which of the built-in media know objects of other libraries."""
    from runicorn.media import Figure, Image, Table

    return [Image, Figure, Table]
