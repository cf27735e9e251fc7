"""What a reader finds in a PDF."""

import re
import shutil
import subprocess
from itertools import combinations

import pytest


def text_of(pdf):
    """All its text, laid out as on the pages; a form feed after each."""
    return _found("-layout", pdf)


def pages_of(pdf):
    """The text of each page."""
    return [page for page in text_of(pdf).split("\f") if page.strip()]


def overprinted(pdf):
    """Pairs of words of which one is printed over the other, each with its page."""
    box = re.compile(r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>')
    found = []
    for number, page in enumerate(_found("-bbox", pdf).split("<page ")[1:], 1):
        words = [(*map(float, each[:4]), each[4]) for each in box.findall(page)]
        for a, b in combinations(words, 2):
            wide, high = (min(a[i + 2], b[i + 2]) - max(a[i], b[i]) for i in (0, 1))
            if wide > 0.5 and high > min(a[3] - a[1], b[3] - b[1]) / 2:
                found.append((number, a[4], b[4]))
    return found


def _found(how, pdf):
    if shutil.which("pdftotext") is None:
        pytest.fail("pdftotext is missing: sudo apt-get install poppler-utils")
    command = ["pdftotext", how, str(pdf), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
