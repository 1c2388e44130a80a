"""The engine: a bound from counts, rows from paths, blends, windows, audit."""
