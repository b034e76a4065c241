"""Recorded steps executed again, in a fresh process, from the recorded code."""
