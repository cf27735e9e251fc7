"""Small answers of `giaoban whatif`, `headroom` and `sweep` for tests."""

from __future__ import annotations

from typing import Any

import results_factory

from giaoban.results.model.studies.headroom import Headroom, Point
from giaoban.results.model.studies.sweep import SweepAnswer, SweepPoint
from giaoban.results.model.studies.whatif import Judged, VariantResult, WhatIf

INPUTS = results_factory.result().inputs
POINT = SweepPoint(
    bridges="0", profile="p", device="d", failure="none", seed=1, verdict="pass",
    method="estimate", in_meeting=3, cut_off=0, binding="mouth-to-ear", margin_pct=20.0,
    key="0" * 64,
)  # fmt: skip
JUDGED = Judged(
    method="estimate", verdict="pass", reasons=[], binding=None, where="", margins=[], in_use=None
)


def whatif(**more: Any) -> WhatIf:
    variant = VariantResult(
        id="as-asked", name="as asked", asked=True, changes=[], changes_vi=[], change_count=0,
        bridges=3, new_bridges=1, device="d", device_name="D", profile="p", judged=JUDGED,
    )  # fmt: skip
    return WhatIf(
        run_id="whatif-1", verdict="pass", question_en="Q?", question_vi="Q?", existing=2,
        inputs=INPUTS, ordered_by="changes", variants=[variant], answer="as-asked",
        neighbour=None, seconds=1.0, **more,
    )  # fmt: skip


def headroom(**more: Any) -> Headroom:
    return Headroom(
        run_id="headroom-1", verdict="pass", question_en="Q?", question_vi="Q?", existing=2,
        profile="p", device="d", device_name="D", pace_s=1.0, inputs=INPUTS, more=2,
        bottlenecks=[], routers=[], links=[], devices=[], grid=[], curves=[], names={},
        points=[Point(more=2, judged=JUDGED)],
        seconds=1.0, **more,
    )  # fmt: skip


def sweep(**more: Any) -> SweepAnswer:
    return SweepAnswer(
        run_id="sweep-1", question_en="Q?", question_vi="Q?", inputs=INPUTS, points=[POINT],
        computed=1, seconds=1.0, **more,
    )  # fmt: skip
