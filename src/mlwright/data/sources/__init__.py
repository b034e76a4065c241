"""Where tables come from: one file a format, each with ``read(path, settings) -> RawTable``."""
