"""Make it so: solve, report and the command line."""
