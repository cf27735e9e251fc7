"""Impairments in words: figures as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.scenarios.spec.impairment import Impairment
from giaoban.scenarios.spec.impairment_words import what


@pytest.mark.parametrize(
    ("written", "en", "vi"),
    [
        (
            {"rate": {"kbps": 2500}},
            "rate 2500 kb/s, 100 packets may wait",
            "tốc độ 2.500 kb/s, hàng đợi 100 gói",
        ),
        (
            {"loss": {"model": "gilbert", "p": 0.01, "r": 0.0005}},
            "95.2 % loss, Gilbert, bursts of 2000 packets on average",
            "mất 95,2 % gói, mô hình Gilbert, trung bình mỗi đợt mất 2.000 gói",
        ),
        (
            {"loss": {"model": "bernoulli", "p": 1.0}, "duplicate": 0.5},
            "all packets lost; 50 % sent twice",
            "mất toàn bộ gói; 50 % gói bị lặp",
        ),
        (
            {"loss": {"model": "bernoulli", "p": 0.999}},
            "99.9 % loss, independent",
            "mất 99,9 % gói, ngẫu nhiên độc lập",
        ),
    ],
)
def test_large_figures_are_written_out(written: dict[str, Any], en: str, vi: str) -> None:
    said = what(Impairment.model_validate({"bridge": "north", **written}))
    assert (said.en, said.vi) == (en, vi)
