"""Exporters: runs as tables and archives for other programs."""
