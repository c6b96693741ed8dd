"""What the benchmark scripts of the folder above share. Python's standard library only."""
