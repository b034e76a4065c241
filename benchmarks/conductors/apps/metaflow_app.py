"""Three trivial steps in Metaflow, which keeps no step: ``metaflow_app.py run --n NUMBER``."""

from __future__ import annotations

import steps
from metaflow import FlowSpec, Parameter, step


class Three(FlowSpec):
    """Three steps, one after the other."""

    n = Parameter("n", type=int, default=1)

    @step
    def start(self):
        """Do the first."""
        self.first = steps.first(self.n)
        self.next(self.middle)

    @step
    def middle(self):
        """Do the second."""
        self.second = steps.second(self.first)
        self.next(self.end)

    @step
    def end(self):
        """Do the third."""
        self.third = steps.third(self.second)
        assert self.third == 2.0 * (self.n + 1) - 1.0


if __name__ == "__main__":
    Three()
