"""Trackers that the benchmark of tracking runs beside each other, each in a process of its own."""
