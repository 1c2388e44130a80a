"""Runs that say how good and how quick the program is; ``python -m benchmarks``."""
