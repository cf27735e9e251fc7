"""What the trials and the repetitions came to, as lines."""

from __future__ import annotations

from rich.console import Console

from bench.faults.repetitions import Repetitions
from bench.faults.trials import Trials


def show(tried: Trials | None, repeated: Repetitions | None, console: Console) -> None:
    """Print them."""
    if tried is not None:
        verdicts = ", ".join(f"{n} {name}" for name, n in sorted(tried.verdicts.items()))
        console.print(
            f"Failures at random times: {tried.count} trials: {verdicts}; "
            f"packets unaccounted for in {tried.unaccounted}",
            highlight=False,
        )
        for trial in tried.failed:
            console.print(f"  seed {trial['seed']}: {trial['verdict']}: {trial['reasons']}")
    if repeated is not None:
        console.print(
            f"The same failures ({', '.join(repeated.failures)}) {repeated.count} times at load "
            f"{repeated.load_1m:.1f}: {repeated.different} different answer(s)",
            highlight=False,
        )
