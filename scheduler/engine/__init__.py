"""The engine: counts first, people after, improvement, breaks, audit."""
