"""What a reader finds in a PDF."""

import shutil
import subprocess

import pytest


def text_of(pdf):
    """All its text, laid out as on the pages; a form feed after each."""
    if shutil.which("pdftotext") is None:
        pytest.fail("pdftotext is missing: sudo apt-get install poppler-utils")
    command = ["pdftotext", "-layout", str(pdf), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def pages_of(pdf):
    """The text of each page."""
    return [page for page in text_of(pdf).split("\f") if page.strip()]
