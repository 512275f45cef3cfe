"""Figures, each measured side by side with its limit in one run: ``python -m benchmarks``."""
