"""From a source to an immutable snapshot: reading, profile, contract, split."""
