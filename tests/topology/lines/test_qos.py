"""The classes of a [qos] table: order, shares, buffers, and what a table may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.topology.assumptions import assumptions
from giaoban.topology.lines.qos import (
    AF41,
    CS5,
    CS6,
    EF,
    FULL_FRAME_BYTES,
    Qos,
    by_class,
    traffic_classes,
)
from giaoban.topology.load import load_province
from giaoban.topology.network import build
from giaoban.traffic.profiles import DSCP_AUDIO, DSCP_SIGNALLING, DSCP_VIDEO

SMALL = Path(__file__).parents[1] / "small.toml"
TABLE = """
[qos]
scheduling = "classes"
video_share_pct = 70.0
source = "none published"
source_vi = "chưa công bố"
assumed = true
settled_by = "the routers' configuration"
settled_by_vi = "cấu hình bộ định tuyến"
"""


def province(folder: Path, table: str) -> Path:
    path = folder / "province.toml"
    path.write_text(SMALL.read_text(encoding="utf-8") + table, encoding="utf-8")
    return path


def test_what_endpoints_send_has_a_class_of_its_own() -> None:
    assert (EF, AF41, CS5) == (DSCP_AUDIO, DSCP_VIDEO, DSCP_SIGNALLING)
    names = {
        dscp: each.name
        for each in traffic_classes(Qos(scheduling="classes", source="test"))
        for dscp in each.dscps
    }
    assert names == {CS6: "control", EF: "voice", CS5: "voice", AF41: "video"}


def test_control_and_voice_go_before_those_that_share() -> None:
    classes = traffic_classes(Qos(scheduling="classes", source="test"))
    assert [(each.name, each.strict) for each in classes] == [
        ("control", True),
        ("voice", True),
        ("video", False),
        ("other", False),
    ]


@pytest.mark.parametrize("share", [1.0, 33.3, 50.0, 60.0, 99.0])
def test_turns_are_shared_as_the_rate_is(share: float) -> None:
    qos = Qos(scheduling="classes", video_share_pct=share, source="test")
    *_, video, other = traffic_classes(qos)
    turns = video.quantum_bytes, other.quantum_bytes
    assert 100 * turns[0] / sum(turns) == pytest.approx(share, rel=0.001)
    assert min(turns) == FULL_FRAME_BYTES


def test_without_a_table_routers_tell_nothing_apart() -> None:
    network = build(load_province(SMALL))
    assert network.qos is None
    assert not by_class(network.qos)
    assert not by_class(Qos(scheduling="fifo", source="test"))


def test_the_table_reaches_the_network_and_the_assumptions(tmp_path: Path) -> None:
    loaded = load_province(province(tmp_path, TABLE))
    assert by_class(build(loaded).qos)
    [en] = [a for a in assumptions(loaded) if a.what == "queueing in routers"]
    assert en.value == "classes: voice first, 70 % of the rest for video"
    [vi] = [a for a in assumptions(loaded, lang="vi") if a.what.startswith("cách xếp hàng")]
    assert vi.value == "phân lớp: thoại ưu tiên trước, 70 % phần còn lại dành cho hình ảnh"
    assert vi.settled_by == "cấu hình bộ định tuyến"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("70.0", "100.0", "video_share_pct = 100.0: is out of range (allowed: 99 or less)"),
        ('"classes"', '"wfq"', "scheduling = 'wfq': is not known (allowed: 'fifo' or 'classes')"),
        ('"classes"', '"fifo"', 'video_share_pct mean nothing with scheduling = "fifo"'),
        ("video_share_pct = 70.0", "voice_buffer_packets = 1", "(allowed: 2 or more)"),
        ("video_share_pct", "video_share", "unknown key"),
        ('scheduling = "classes"\n', "", "qos.scheduling: is missing"),
    ],
)
def test_what_a_table_may_not_say(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = province(tmp_path, TABLE.replace(old, new))
    with pytest.raises(InputError) as caught:
        load_province(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
