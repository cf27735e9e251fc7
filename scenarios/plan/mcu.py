"""The MCU of a plan."""

from __future__ import annotations

from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.mcu_sim.server.config import McuConfig, PlannedStreams
from giaoban.scenarios.plan.plan import Plan


def mcu_config(plan: Plan, origin_ns: int) -> McuConfig:
    """As it is for the whole run. `origin_ns`: of the plan's times, by the owner's clock."""
    return McuConfig(
        address=plan.network.address(plan.network.mcu.id),
        device=plan.device,
        meetings=Meetings(schema="giaoban.meetings/1", meeting=plan.meetings),
        playout_ms=plan.terminal.playout_ms,
        video=plan.video,
        seed=plan.seed,
        origin_ns=origin_ns,
        planned_streams={
            call.bridge: PlannedStreams(
                up=call.up, down={kind: plan.streams[index] for kind, index in call.down.items()}
            )
            for call in plan.calls
        },
        watchful=plan.watchful,
        encrypted=plan.encrypted,
        dialled_resolution=plan.profile.resolution,
        dialled_profile=plan.profile.video_profile,
        sound=plan.audio,
    )
