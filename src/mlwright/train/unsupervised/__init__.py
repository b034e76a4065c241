"""Training without a target: which rows are unusual, and which are alike."""
