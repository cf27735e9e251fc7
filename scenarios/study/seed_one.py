"""A check at another seed, emulated in a process of its own.

`python -m scenarios.study.seed_one ORDER`: ORDER is the path of a
`scenarios.study.seeds.Emulation` that our parent has pickled. `result.json` is in its folder when
this exits with 0; any other exit code is told in `error.json`.
"""

from __future__ import annotations

import pickle
from pathlib import Path

from scenarios.study.emulation_process import emulated, exit_with, work_in
from scenarios.study.seeds import Emulation


def main(words: list[str]) -> int:
    """Exit code: 0, or an error's."""
    order: Emulation = pickle.loads(Path(words[0]).read_bytes())  # from ourselves

    def work() -> None:
        emulated(order.question, order.folder, order.engine, lambda answer, _: answer)

    return work_in(order.folder, work)


if __name__ == "__main__":
    exit_with(main)
