"""Repair: a declared list of pure steps that mend a table, and a row as they mend the table."""
