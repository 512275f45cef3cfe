"""The filter language: which runs are meant, in a line of text. Parsed, never evaluated."""
