"""Models without a target: the same way from a table to a registered version, with other stages."""
