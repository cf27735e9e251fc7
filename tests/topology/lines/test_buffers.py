"""How much may wait for a line, as data: packets, bytes or milliseconds, one of them."""

from __future__ import annotations

import errno
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from provinces import small_province, west
from pydantic import ValidationError
from pyroute2.netlink.exceptions import NetlinkError

from giaoban.errors import InputError, MachineLacks
from giaoban.scenarios.plan.drain import drain_s
from giaoban.scenarios.spec.faults.kinds.rate_drop import RateDrop
from giaoban.scenarios.spec.impairment import Impairment
from giaoban.topology.assumptions import assumptions
from giaoban.topology.emulation import scheduler
from giaoban.topology.importers.files import export_province, write_toml
from giaoban.topology.lines.qos import Qos
from giaoban.topology.load import load_province
from giaoban.topology.network import NetLink, build


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
    assert west(of).buffer_bytes == 62_500
    assert west(of, rate_mbps=20.0).buffer_bytes == 125_000
    assert west(of, buffer_ms=0.5).buffer_bytes == 1514  # less holds no full frame
    assert west(of, buffer_bytes=4000).buffer_bytes == 4000
    assert west(of, buffer_packets=40).buffer_bytes == 0
    assert west(of, buffer_packets=40).buffer_packets == 40
    with pytest.raises(ValidationError, match="buffer_ms"):
        west(of, buffer_ms=5.0, buffer_bytes=9000)


def test_plans_of_lines_that_count_packets_stay_as_they_were() -> None:
    assert "buffer_bytes" not in west(small_province()).model_dump()
    counted = west(small_province(buffer_packets=None, buffer_bytes=64_000))
    assert NetLink.model_validate(counted.model_dump()) == counted
    # what is measured by, and waited for at the end, has room: a train of full frames
    assert counted.buffer_packets == 64_000 // 1514 + 1


def test_a_network_is_waited_for_until_its_bytes_are_through() -> None:
    of = build(small_province(buffer_packets=None, buffer_bytes=10_000_000, rate_mbps=10.0))
    assert drain_s(of, (), ()) == pytest.approx(8.0, abs=0.2)


def test_another_rate_empties_the_same_bytes() -> None:
    of = build(small_province(buffer_packets=None, buffer_bytes=10_000_000, rate_mbps=10.0))
    slow = Impairment.model_validate({"link": "access-west", "rate": {"kbps": 1000}})
    assert drain_s(of, [slow], ()) == 80.0
    drop = RateDrop(kind="rate-drop", at_s=1.0, link="access-west", rate_mbps=1.0)
    assert drain_s(of, (), drop.lines(of, 0.0)) == 80.0
    slower = Impairment.model_validate({"link": "access-west", "rate": {"kbps": 10}})
    with pytest.raises(InputError, match=r"8000 s .*buffer_bytes, buffer_ms"):
        drain_s(of, [slower], ())
    packets = build(small_province())  # a stream's own bottleneck, and a queue of packets, as ever
    for place in ("bridge", "link"):
        at = {"bridge": "west", "link": "access-west"}[place]
        given = {place: at, "rate": {"kbps": 8, "buffer_packets": 50}}
        assert drain_s(packets, [Impairment.model_validate(given)], ()) == 62.7  # 50 × 1,254 bytes


def test_it_is_told_in_its_own_unit_and_written_to_toml_alone(tmp_path: Path) -> None:
    of = small_province(buffer_packets=None, buffer_ms=50.0, assumed=True, settled_by="the router")
    [told] = [each for each in assumptions(of) if each.what == "access of bridge Tây"]
    assert "buffer 50 ms" in told.value
    assert "packets" not in told.value
    write_toml(of, tmp_path / "province.toml")
    assert build(load_province(tmp_path / "province.toml")) == build(of)
    with pytest.raises(InputError, match="milliseconds"):
        export_province(of, "graphml", tmp_path / "my.graphml")


def test_no_more_milliseconds_than_a_gigabyte(tmp_path: Path) -> None:
    """The kernel is told bytes in 32 bits; and no figure that a world may have gets there."""
    of = small_province(buffer_packets=None, buffer_ms=20_000.0, rate_mbps=1000.0)
    write_toml(of, tmp_path / "province.toml")
    said = (
        "buffer_ms = 20000.0: 20000 ms of 1000 Mb/s are 2500000000 bytes (allowed: 1000000000 "
        "bytes, which are 8000 ms of it)"
    )
    with pytest.raises(InputError) as caught:
        load_province(tmp_path / "province.toml")
    assert f"bridge[0].{said}" in str(caught.value)
    assert west(of).buffer_bytes == 1_000_000_000
    allowed = small_province(buffer_packets=None, buffer_ms=8000.0, rate_mbps=1000.0)
    assert west(allowed).buffer_bytes == 1_000_000_000
    with pytest.raises(InputError, match=re.escape(said)):
        west(allowed, buffer_ms=20_000.0)
    with pytest.raises(InputError, match=r"rate_mbps = 2000\.0: 8000 ms of 2000 Mb/s"):
        west(allowed, rate_mbps=2000.0)
    assert west(allowed, rate_mbps=2000.0, buffer_packets=40).buffer_bytes == 0
    west(of, buffer_ms=8000.0)
    extra = of.bridges[0].model_copy(update={"id": "north", "role": "branch"})
    with pytest.raises(InputError, match=re.escape(said)):
        build(allowed, [extra])


@pytest.mark.parametrize(
    ("qos", "cannot"),
    [
        (None, "count the bytes of a queue"),
        (Qos(scheduling="classes", source="test"), "queue packets by class"),
    ],
)
def test_a_kernel_that_lacks_something_is_told_for_what(
    monkeypatch: pytest.MonkeyPatch, qos: Qos | None, cannot: str
) -> None:
    class WithoutIfb(nullcontext[None]):
        def __enter__(self) -> Any:
            return self

        def link(self, *_: Any, **__: Any) -> None:
            raise NetlinkError(errno.EOPNOTSUPP)

    monkeypatch.setattr(scheduler, "Rtnetlink", WithoutIfb)
    monkeypatch.setattr(scheduler.namespace, "inside", nullcontext)
    of = small_province(buffer_packets=None, buffer_bytes=64_000)
    with pytest.raises(MachineLacks, match=f"this kernel cannot {cannot}, it lacks ifb"):
        scheduler.build(0, "eth0", west(of), qos)
