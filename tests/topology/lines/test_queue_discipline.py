"""Which packets a line's queue drops, as data: defaults, what clashes, where it is told."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
from provinces import small_province, west
from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.scenarios.plan.drain import drain_s
from giaoban.scenarios.spec.faults.kinds.rate_drop import RateDrop
from giaoban.topology.assumptions import assumptions
from giaoban.topology.emulation import aqm
from giaoban.topology.importers.files import export_province, write_toml
from giaoban.topology.lines.queue_discipline import Codel, FqCodel, QueueDiscipline, Red
from giaoban.topology.load import load_province
from giaoban.topology.model import LinkChange
from giaoban.topology.network import NetLink, build

CLASSES = {"scheduling": "classes", "source": "test"}
BYTES = {"buffer_packets": None, "buffer_bytes": 64_000}


def queue(**given: Any) -> dict[str, Any]:
    return {"source": "test", **given}


def test_defaults_are_those_of_the_rfcs_and_of_reds_author() -> None:
    """RFC 8289 §4; RFC 8290 §5.2; Floyd 1997: 5 packets, three times that, max_p of 0.1."""
    codel = west(small_province(queue=queue(discipline="codel"))).queue
    assert codel == Codel(target_us=5000, interval_us=100_000)
    fq_codel = west(small_province(queue=queue(discipline="fq_codel"))).queue
    assert fq_codel == FqCodel(target_us=5000, interval_us=100_000, flows=1024, quantum_bytes=1514)
    red = west(small_province(**BYTES, queue=queue(discipline="red"))).queue
    assert red == Red(min_bytes=5 * 1514, max_bytes=15 * 1514, max_drop_pct=10.0)
    own = queue(discipline="fq_codel", target_ms=0.5, interval_ms=20, flows=1, quantum_bytes=300)
    assert west(small_province(queue=own)).queue == FqCodel(
        target_us=500, interval_us=20_000, flows=1, quantum_bytes=300
    )


def test_plans_of_lines_that_drop_at_the_tail_stay_as_they_were() -> None:
    assert "queue" not in west(small_province()).model_dump()
    assert west(small_province(queue=queue(discipline="tail_drop"))) == west(small_province())
    given = west(small_province(queue=queue(discipline="fq_codel")))
    assert NetLink.model_validate(given.model_dump()) == given


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"discipline": "cake"}, "discipline"),
        ({"discipline": "tail_drop", "target_ms": 5.0}, "allowed: no others"),
        ({"discipline": "codel", "flows": 16}, "allowed: target_ms, interval_ms"),
        ({"discipline": "red", "interval_ms": 20.0}, "allowed: min_bytes, max_bytes"),
        ({"discipline": "codel", "target_ms": 100.0}, "is not below interval_ms = 100"),
        ({"discipline": "red", "min_bytes": 9000, "max_bytes": 9000}, "is not below max_bytes"),
        ({"discipline": "red", "max_bytes": 4000}, "min_bytes = 7570 is not below"),
        ({"discipline": "red", "max_drop_pct": 0.0}, "max_drop_pct"),
        ({"discipline": "fq_codel", "flows": 65_537}, "flows"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        QueueDiscipline.model_validate({"source": "test", **given})


@pytest.mark.parametrize(
    ("west_has", "qos", "said"),
    [
        ({**BYTES, "queue": queue(discipline="codel")}, None, "(allowed: buffer_packets)"),
        ({"queue": queue(discipline="red")}, None, "(allowed: buffer_bytes or buffer_ms)"),
        (
            {**BYTES, "queue": queue(discipline="red", min_bytes=30_000)},
            None,
            "from an average of 90000 bytes, and the buffer holds 64000",
        ),
        ({"queue": queue(discipline="fq_codel")}, CLASSES, "packets wait by class"),
    ],
)
def test_a_discipline_needs_its_buffer_and_no_classes(
    west_has: dict[str, Any], qos: dict[str, Any] | None, said: str, tmp_path: Path
) -> None:
    of = small_province(qos=qos, **west_has)
    write_toml(of, tmp_path / "province.toml")
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        load_province(tmp_path / "province.toml")
    assert "bridge[0].queue.discipline" in str(caught.value)
    change = {key: value for key, value in west_has.items() if value is not None}
    with pytest.raises(InputError, match=re.escape(said)):
        west(small_province(qos=qos), **change)


def test_a_change_takes_a_discipline_away_or_fits_its_buffer() -> None:
    of = small_province(queue=queue(discipline="codel"))
    assert west(of, queue=queue(discipline="tail_drop")).queue is None
    assert west(of, rate_mbps=5.0).queue == Codel(target_us=5000, interval_us=100_000)
    with pytest.raises(InputError, match=re.escape("(allowed: buffer_packets)")):
        west(of, buffer_bytes=64_000)
    red = west(of, buffer_ms=100.0, queue=queue(discipline="red"))
    assert isinstance(red.queue, Red)
    change = LinkChange.model_validate(
        {"link": "access-west", "source": "test", "queue": queue(discipline="codel")}
    )
    assert change.changed() == ["queue"]


def test_a_rate_that_drops_leaves_the_queue_its_room() -> None:
    of = build(small_province(queue=queue(discipline="codel"), buffer_packets=1000))
    drop = RateDrop(kind="rate-drop", at_s=1.0, link="access-west", rate_mbps=1.0)
    assert drain_s(of, (), drop.lines(of, 0.0)) == 10.1  # 1000 × 1,254 bytes, rounded up


def test_it_is_told_and_written_to_toml_alone(tmp_path: Path) -> None:
    guess = {"assumed": True, "settled_by": "the router"}
    of = small_province(queue=queue(discipline="fq_codel", target_ms=7.5, **guess))
    told = [each for each in assumptions(of) if "discipline" in each.what]
    assert [(each.what, each.value) for each in told] == [
        ("queue discipline, access of bridge Tây", "FQ-CoDel, 7.5 ms, 100 ms")
    ]
    write_toml(of, tmp_path / "province.toml")
    assert build(load_province(tmp_path / "province.toml")) == build(of)
    for file_format in ("csv", "graphml"):
        with pytest.raises(InputError, match="west: a queue discipline has no place"):
            export_province(of, file_format, tmp_path / "my")  # type: ignore[arg-type]


def test_reds_numbers_are_those_that_the_kernel_reads() -> None:
    """include/net/red.h: the average shrinks by so many halves in an idle time as it would in as
    many full packets (Floyd and Jacobson 1993 §4); 2^32 is one."""
    given = queue(discipline="red", max_drop_pct=2.0)
    link = west(small_province(**BYTES, queue=given, rate_mbps=10.0))
    assert isinstance(link.queue, Red)
    options = aqm.request(link, link.queue)["options"]
    parms, table = options["TCA_RED_PARMS"], options["TCA_RED_STAB"]
    assert (parms["limit"], parms["qth_min"], parms["qth_max"]) == (64_000, 7570, 22_710)
    assert options["TCA_RED_MAX_P"] == pytest.approx(0.02 * 2**32)
    assert 2.0 ** -parms["wlog"] == pytest.approx(0.002, rel=0.03)
    assert len(table) == 256
    for cell in (1, 100, 254):
        packets = (cell << parms["scell_log"]) / (1514 * 8 / 10)
        halves = -packets * math.log2(1 - 2.0 ** -parms["wlog"])
        assert table[cell] == min(int(halves), 31)
    assert table[255] == 31
