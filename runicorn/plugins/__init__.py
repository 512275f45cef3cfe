"""Plugins: what Runicorn does beyond storing, written against the same hooks as yours.

A plugin marks its functions with `hookimpl` and is found through the entry-point group
``runicorn``, or handed to ``runicorn.init(plugins=[...])``.
"""

from runicorn.plugins.hookspecs import hookimpl

__all__ = ["hookimpl"]
