"""Curation: what is done to runs after they were recorded: tag, move, delete, pack, check."""
