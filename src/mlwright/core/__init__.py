"""Digests, encoding, Merkle arithmetic, ids, the seam to the outside, errors and settings."""
