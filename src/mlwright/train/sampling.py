"""Draws by Optuna's TPE: near the parameters that scored well, as the scores so far tell."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from mlwright.core.errors import UsageError
from mlwright.train.space import Draw, Range, Values

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

OPTUNA = "optuna"


def next_draw(
    space: Mapping[str, Values | Range],
    tried: Sequence[tuple[Draw, float | None]],
    seed: int,
    number: int,
) -> Draw:
    """Return the parameters to try next; it follows from what is given alone.

    Parameters
    ----------
    tried
        What was tried, and how good each was: the greater, the better; None where it had no score.
    number
        Another number is another draw from the same scores.

    Raises
    ------
    UsageError
        ``optuna-extra``
    """
    require_optuna()
    import optuna

    said = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a method that may change is known by its version
            sampler = optuna.samplers.TPESampler(
                seed=int(np.random.SeedSequence([seed, number]).generate_state(1)[0]),
                n_startup_trials=1,
            )
            # With a name of its own no random one is drawn.
            study = optuna.create_study(direction="maximize", sampler=sampler, study_name="search")
            distributions = {name: _distribution(each) for name, each in space.items()}
            for draw, worth in tried:
                ended = optuna.trial.TrialState.PRUNED if worth is None else None
                study.add_trial(
                    optuna.trial.create_trial(
                        state=ended or optuna.trial.TrialState.COMPLETE,
                        params=dict(draw),
                        distributions=distributions,
                        value=worth,
                    )
                )
            return dict(study.ask(distributions).params)
    finally:
        optuna.logging.set_verbosity(said)


def require_optuna() -> None:
    """Refuse to go on without Optuna.

    Raises
    ------
    UsageError
        ``optuna-extra``
    """
    if find_spec(OPTUNA) is None:
        raise UsageError(
            "optuna-extra",
            "search.sampler asks for optuna, which is not installed",
            fix="pip install 'mlwright[optuna]', or leave search.sampler as it is by default",
        )


def _distribution(each: Values | Range) -> BaseDistribution:
    from optuna import distributions

    if isinstance(each, Values):
        return distributions.CategoricalDistribution(each.values)
    if each.whole:
        return distributions.IntDistribution(int(each.low), int(each.high), log=each.log)
    return distributions.FloatDistribution(each.low, each.high, log=each.log)
