"""The engine: a bound from counts, weeks from patterns, improvement, audit."""
