"""Queries: what a reader may ask of a root, answered from the index or straight from the files."""
