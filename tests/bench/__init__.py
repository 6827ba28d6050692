"""Benchmarks: `python3 -m server bench`. Ratios to a floor measured in the same run; never timed tests."""
