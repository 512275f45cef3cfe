"""Importers: runs from archives and tables of other programs."""
