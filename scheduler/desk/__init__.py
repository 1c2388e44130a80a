"""The desk: what happens to a roster after it is published."""
