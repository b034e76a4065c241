"""How long a command takes before it does anything: fresh processes beside a bare Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

ROUNDS = 15
SCRIPT = Path(sys.executable).parent / "mlw"
# What ARCHITECTURE.md promises, in milliseconds.
COMMANDS = {
    "python -c pass": ([sys.executable, "-c", "pass"], None),
    "import mlwright": ([sys.executable, "-c", "import mlwright"], 120),
    "mlw --version": ([str(SCRIPT), "--version"], 120),
    "mlw --help": ([str(SCRIPT), "--help"], 150),
}


def milliseconds(command: list[str]) -> float:
    """Return how long a fresh process takes, until its end."""
    start = perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return 1000 * (perf_counter() - start)


def main() -> None:
    """Measure every command, the rounds interleaved, and print the medians."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS + 1):
        for name, (command, _) in COMMANDS.items():
            taken[name].append(milliseconds(command))
    bare = median(taken["python -c pass"][1:])
    print(f"{'':18}{'median ms':>10}{'over bare':>11}{'slowest':>9}{'promised':>10}")
    for name, (_, promised) in COMMANDS.items():
        rounds = taken[name][1:]  # the first one reads the files from the disk
        middle = median(rounds)
        promise = f"<= {promised}" if promised else ""
        missed = "  missed" if promised and middle > promised else ""
        print(
            f"{name:18}{middle:10.0f}{middle - bare:11.0f}{max(rounds):9.0f}{promise:>10}{missed}"
        )


if __name__ == "__main__":
    main()
