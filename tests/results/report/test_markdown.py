"""Names that look like markup are names in every summary."""

from __future__ import annotations

import re

import pytest
import results_factory as make

from giaoban.results.report.markdown import escaped_text
from giaoban.results.report.summaries.check_summary import summary_md

MARKUP = [
    *("<b>x</b>", "<script>alert(1)</script>", "<!-- x", "<http://x.invalid>", "a &lt; b &#60;"),
    *("*x*", "**x**", "_x_", "`x`", "~~x~~", "[x](http://x.invalid)", "![x](http://x.invalid)"),
    *("# x", "> x", "- x", "+ x", "back\\slash", "[x]: http://x.invalid"),
]


@pytest.mark.parametrize("text", MARKUP)
def test_nothing_is_left_that_markdown_reads(text: str) -> None:
    made = escaped_text(text)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", made) == text
    bare = re.sub(r"\\.", "", made)
    assert not re.search(r"<[a-z/!]|[*`]|~~|\]\(|&#?\w+;|^[#>+-] |\b_|_\b", bare)


@pytest.mark.parametrize("text", ["Đắk R'Lấp", "2 < 3 & 4 > 1", "a_b", "r-x->r-y", "3 - 1", "5 %"])
def test_what_is_no_markup_is_left_alone(text: str) -> None:
    assert escaped_text(text) == text


@pytest.mark.parametrize("text", MARKUP)
def test_a_name_that_is_markup_is_escaped_in_a_summary(text: str) -> None:
    plain = make.result()
    names = dict.fromkeys(plain.names, f"Z{text}Z")
    asked = plain.question.model_copy(update={"text_en": f"Z{text}Z"})
    told = summary_md(plain.model_copy(update={"names": names, "question": asked}))
    assert escaped_text(f"Z{text}Z").replace("|", "\\|") in told
    if escaped_text(f"Z{text}Z") != f"Z{text}Z":
        assert f"Z{text}Z" not in told
