"""The index: a cache of the run directories in SQL that catches up by byte offset."""
