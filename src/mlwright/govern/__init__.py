"""Accounting for what was made: why, prove, reports."""
