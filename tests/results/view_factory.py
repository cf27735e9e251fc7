"""Run folders with everything that the page shows, without an emulation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from giaoban.results.archive.store import write_result
from giaoban.results.model.faults import FaultImpact, FaultResult
from giaoban.results.model.reasons import Reason
from giaoban.results.model.result import Result
from giaoban.topology.load import load_province
from giaoban.topology.model import BridgeSpec
from giaoban.topology.network import Network, build
from tests.results import history_factory as h
from tests.results import results_factory as f

NEW_AT = {"tx-gia-nghia": "r-gia-nghia", "quang-son": "r-krong-no"}


def network(extra: Sequence[tuple[str, str, str]] = ()) -> Network:
    """The default province with the two new bridges, and with (id, name, router) more."""
    figures: dict[str, Any] = {"km": 2.0, "rate_mbps": 10.0, "buffer_packets": 200, "source": "t"}
    new = [(ident, f.NEW[ident], router) for ident, router in NEW_AT.items()]
    return build(
        load_province(),
        [
            BridgeSpec.model_validate({"id": i, "name": n, "router": r, **figures})
            for i, n, r in [*new, *extra]
        ],
    )


def result(
    run_id: str = h.JANUARY, *, delay_ms: float = 4.0, invalid: Sequence[Reason] = ()
) -> Result:
    """As the history's, with loads of the backbone and a cut of the ring."""
    made = h.measured(run_id, delay_ms=delay_ms, invalid=invalid)
    for number, phase in enumerate(made.phases):
        phase.links.append(
            f.link("gia-nghia--dak-song", "r-gia-nghia->r-dak-song", 12.34 + 20 * number)
        )
        phase.links.append(f.link("gia-nghia--dak-song", "r-dak-song->r-gia-nghia", 7.0))
    impact = FaultImpact(
        bridge="dak-mil",
        behind=False,
        interruption_ms=80.0,
        interrupted="audio up",
        sound_interruption_ms=80.0,
        packets_lost=47,
        cut_off=False,
        picture_again_ms=1140.1167,
    )
    made.faults.append(
        FaultResult(
            id="cut-dak-song--dak-mil",
            kind="cut",
            target="link",
            target_id="dak-song--dak-mil",
            at_s=35.0,
            restored_s=50.0,
            text_en="link cut",
            text_vi="đứt cáp",
            bridges=[impact],
        )
    )
    return made


def folder(root: Path, made: Result, *, seconds: int = 90) -> Path:
    """A run's folder with result and series."""
    place = root / made.run_id
    place.mkdir(parents=True)
    write_result(place, made)
    f.series(seconds=seconds, losing=True, impaired=[(*f.MINUTE[:2], 40.0, 60.0)]).save(
        place / "series.npz"
    )
    return place


def failures(root: Path) -> Path:
    """A folder of a run of failures."""
    place = root / h.FAULTS
    place.mkdir(parents=True)
    (place / "faults.json").write_text(h.faults().to_json(), encoding="utf-8")
    return place
