"""How much may wait for a line, as data: packets, bytes or milliseconds, one of them."""

from __future__ import annotations

import errno
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from provinces import small_province, west
from pydantic import ValidationError
from pyroute2.netlink.exceptions import NetlinkError

from giaoban.errors import InputError, MachineLacks
from giaoban.scenarios.plan.drain import drain_s
from giaoban.topology.assumptions import assumptions
from giaoban.topology.emulation import scheduler
from giaoban.topology.importers.files import as_toml, export_graphml
from giaoban.topology.lines.qos import Qos
from giaoban.topology.load import load_province
from giaoban.topology.network import build


@pytest.mark.parametrize(
    "given",
    [
        {"buffer_packets": None},
        {"buffer_bytes": 64_000},
        {"buffer_packets": None, "buffer_bytes": 64_000, "buffer_ms": 50.0},
        {"buffer_packets": None, "buffer_bytes": 1513},  # no full frame would ever pass
    ],
)
def test_one_buffer_and_no_other(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="buffer"):
        small_province(**given)


def test_milliseconds_are_of_the_rate_as_it_is_in_the_end() -> None:
    of = small_province(buffer_packets=None, buffer_ms=50.0, rate_mbps=10.0)
    # full frames of 1,514 bytes: 41 of 62,500 bytes, and the one that is being sent
    assert west(of).buffer_packets == 42
    assert west(of, rate_mbps=20.0).buffer_packets == 83
    assert west(of, buffer_ms=0.5).buffer_packets == 2  # less holds no full frame
    assert west(of, buffer_bytes=4000).buffer_packets == 3
    assert west(of, buffer_packets=40).buffer_packets == 40
    with pytest.raises(ValidationError, match="buffer_ms"):
        west(of, buffer_ms=5.0, buffer_bytes=9000)


def test_a_network_is_waited_for_until_its_queues_are_empty() -> None:
    of = build(small_province(buffer_packets=None, buffer_bytes=10_000_000, rate_mbps=10.0))
    # 6,606 packets of 1,254 bytes, as media packets are; rounded up to 0.1 s
    assert drain_s(of, (), ()) == pytest.approx(6.7)


def test_it_is_told_in_its_own_unit_and_written_to_toml_alone(tmp_path: Path) -> None:
    of = small_province(buffer_packets=None, buffer_ms=50.0, assumed=True, settled_by="the router")
    [told] = [each for each in assumptions(of) if each.what == "access of bridge Tây"]
    assert "buffer 50 ms" in told.value
    assert "packets" not in told.value
    (tmp_path / "province.toml").write_text(as_toml(of), encoding="utf-8")
    assert build(load_province(tmp_path / "province.toml")) == build(of)
    with pytest.raises(InputError, match="milliseconds"):
        export_graphml(of, tmp_path / "my.graphml")


def test_a_kernel_that_lacks_something_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class WithoutIfb(nullcontext[None]):
        def __enter__(self) -> Any:
            return self

        def link(self, *_: Any, **__: Any) -> None:
            raise NetlinkError(errno.EOPNOTSUPP)

    monkeypatch.setattr(scheduler, "IPRoute", WithoutIfb)
    monkeypatch.setattr(scheduler.namespace, "inside", nullcontext)
    qos = Qos(scheduling="classes", source="test")
    with pytest.raises(MachineLacks, match="cannot queue packets by class, it lacks ifb"):
        scheduler.build(0, "eth0", west(small_province()), qos)
