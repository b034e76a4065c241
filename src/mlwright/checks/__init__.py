"""The one grammar of rules and verdicts."""
