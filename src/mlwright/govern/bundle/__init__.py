"""A model handed over in one file that is verified, and made again, with no project around."""
