"""Facts, append-only, in a log that shows tampering."""
