"""``python -m mlwright`` is the command line."""

from mlwright.cli.main import main

main()
