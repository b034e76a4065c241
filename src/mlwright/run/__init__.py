"""A step, done once, provably: its key, its execution, its replay."""
