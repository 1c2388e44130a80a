"""Files: a case in, a roster in, everything a planner gets back out."""
