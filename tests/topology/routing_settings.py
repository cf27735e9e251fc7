"""How routing may be set: timers of all sorts, as a province's `[routing]` says them."""

from __future__ import annotations

from typing import Any

BFD = {"protocol": "ospf-bfd", "hello_ms": 1000, "dead_ms": 4000}
SETTINGS: dict[str, dict[str, Any]] = {
    "100x3": {**BFD, "spf_ms": 100, "bfd_interval_ms": 100, "bfd_multiplier": 3},
    "50x4": {**BFD, "spf_ms": 50, "bfd_interval_ms": 50, "bfd_multiplier": 4},
    "300x3": {**BFD, "spf_ms": 500, "bfd_interval_ms": 300, "bfd_multiplier": 3},
    "true-clock": {**BFD, "spf_ms": 1000, "bfd_interval_ms": 100, "bfd_multiplier": 5},
    "slow-port": {
        **BFD,
        "spf_ms": 100,
        "bfd_interval_ms": 100,
        "bfd_multiplier": 3,
        "loss_of_signal_ms": 150,
        "route_install_ms": 80,
    },
    "at-once": {
        **BFD,
        "spf_ms": 100,
        "bfd_interval_ms": 100,
        "bfd_multiplier": 3,
        "loss_of_signal_ms": 0,
        "route_install_ms": 0,
    },
    "dead": {"protocol": "ospf", "hello_ms": 1000, "dead_ms": 4000, "spf_ms": 100},
    "protected": {"protocol": "protected", "protection_ms": 50},
    "static": {"protocol": "static"},
}
