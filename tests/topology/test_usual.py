"""Figures in another unit are asked about, with what they probably are and how to mean them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.topology.importers.files import as_toml
from giaoban.topology.load import DEFAULT_PROVINCE, load_province
from giaoban.topology.usual import keys_of

SMALL = Path(__file__).with_name("small.toml").read_text(encoding="utf-8")


def read(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    load_province(path)


@pytest.mark.parametrize(
    ("key", "was", "now", "said"),
    [
        ("km", "25.0", "3000", "are 3000 km meant? 3000 m would be km = 3 (if"),
        ("rate_mbps", "100.0", "20_000.0", "20000 kb/s would be rate_mbps = 20"),
        ("rate_mbps", "100.0", "100_000_000", "is out of range (allowed: 0.064 to 100000 Mb/s); "),
        ("rate_mbps", "100.0", "100_000_000", "100000000 bit/s would be rate_mbps = 100"),
        ("buffer_packets", "1000", "750_000", "750000 bytes would be buffer_packets = 500"),
    ],
)
def test_another_unit_is_asked_about(
    key: str, was: str, now: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "p.toml"
    text = SMALL.replace(f"{key} = {was}", f"{key} = {now}", 1)
    with pytest.raises(InputError) as wrong:
        read(path, text)
    assert said in str(wrong.value)
    assert str(wrong.value).startswith(f"{path}:")
    if "out of range" not in str(wrong.value):
        read(path, f'unusual = ["{key}"]\n{text}')  # as the message says
        with pytest.raises(InputError, match="are"):
            read(path, f'unusual = ["hello_ms"]\n{text}')


def test_only_keys_of_figures_can_be_meant(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no key of a figure"):
        read(tmp_path / "p.toml", f'unusual = ["kn"]\n{SMALL}')


def test_a_scenario_is_asked_too(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    text = """schema = "giaoban.scenario/1"
id = "s"
question = "?"
question_vi = "?"
[[bridge]]
id = "north"
name = "Bắc"
router = "r-east"
km = 2500.0
rate_mbps = 10.0
buffer_packets = 200
source = "test"
[[impairment]]
bridge = "north"
jitter = { model = "gamma", shape = 2.0, scale_ms = 1500.0 }
"""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as wrong:
        load_scenario(path)
    assert "bridge[0].km = 2500.0: are 2500 km meant? 2500 m would be km = 2.5" in str(wrong.value)
    assert "1500 µs would be scale_ms = 1.5" in str(wrong.value)
    path.write_text(f'unusual = ["km", "scale_ms"]\n{text}', encoding="utf-8")
    assert load_scenario(path).new_bridges[0].km == 2500.0


def test_what_is_made_or_imported_says_that_it_is_meant() -> None:
    province = load_province(DEFAULT_PROVINCE)
    fast = province.mcu.model_copy(update={"rate_mbps": 1e6})
    made = province.model_copy(update={"mcu": fast, "unusual": ["rate_mbps"]})
    assert keys_of(made) == ["rate_mbps"]
    assert tomllib.loads(as_toml(made))["unusual"] == ["rate_mbps"]
    assert keys_of(load_province(DEFAULT_PROVINCE)) == []
