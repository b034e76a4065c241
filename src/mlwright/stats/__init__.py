"""Arithmetic on numbers in memory: metrics, bootstrap, quantiles. No input or output."""
