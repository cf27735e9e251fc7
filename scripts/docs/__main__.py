"""`python -m scripts.docs [--out FOLDER]`: the documents as a site in both languages, made without
a network.

A broken link, an anchor that is not there or a page that no menu names ends it with 1.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mkdocs.commands.build
import mkdocs.config
from mkdocs.exceptions import Abort

from scripts.docs import reference
from scripts.docs.fences import ROOT

CONFIG = Path(__file__).with_name("mkdocs.yml")
COMMANDS = "Commands"
"""The part of the menu that holds their pages."""
GENERAL = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages at the top of the repository that are English, and their names on the site."""
ONLY_ENGLISH = (
    '!!! info "Trang này chỉ có bản tiếng Anh"\n'
    "    Các trang bằng tiếng Việt: [trang đầu]({top}index.md).\n\n"
)


def stage(folder: Path) -> None:
    """Lay out what MkDocs reads: `en/` and `vi/`, each with every page. A page that is not
    translated stands in `vi/` in English and says so."""
    for name, text in english():
        _write(folder / "en" / name, text)
        top = "../" * name.count("/")
        _write(folder / "vi" / name, ONLY_ENGLISH.format(top=top) + text)
    for name, text in vietnamese():
        _write(folder / "vi" / name, text)
    for lang in ("en", "vi"):
        shutil.copytree(ROOT / "docs" / "pictures", folder / lang / "pictures")


def english() -> Iterator[tuple[str, str]]:
    """Name on the site and Markdown of each page."""
    yield "index.md", _of_the_top(ROOT / "README.md")
    for page in sorted((ROOT / "docs").glob("*.md")):
        yield page.name, _below(page.read_text(encoding="utf-8"))
    for name, there in GENERAL.items():
        yield there, _of_the_top(ROOT / name)
    yield from _commands("en")


def vietnamese() -> Iterator[tuple[str, str]]:
    """Those that are translated."""
    yield "index.md", _of_the_top(ROOT / "README.vi.md")
    for page in sorted((ROOT / "docs" / "vi").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"\]\(\.\./(?=[\w-]+\.md|pictures/)", "](", text)
        yield page.name, _below(text.replace("](../../", "](../"))
    yield from _commands("vi")


def _commands(lang: str) -> Iterator[tuple[str, str]]:
    yield "commands/index.md", reference.index(lang)
    for name, command in reference.tree().items():
        yield f"commands/{name}.md", reference.page(name, command, lang)


def _of_the_top(page: Path) -> str:
    """Links of a page at the top, as from a page of the site. The line that leads to the other
    language is left out: the site has a switch."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"^\*\[[^]]+\]\(README[.\w]*\)\*\n", "", text, flags=re.M)
    text = re.sub(r"(\]\(|src=\")docs/(?:vi/)?", r"\1", text)
    return _renamed(text, "")


def _below(text: str) -> str:
    """Links of a page in docs/ to the top."""
    return _renamed(text, "../")


def _renamed(text: str, before: str) -> str:
    names = {**GENERAL, "README.md": "index.md", "README.vi.md": "index.md"}
    for name, there in names.items():
        text = text.replace(f"]({before}{name}", f"]({there}")
    return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def build(staged: Path, out: Path, **other: Any) -> int:
    """The site of what is laid out; 1 if it is not in order. `other` goes before mkdocs.yml."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        config = mkdocs.config.load_config(
            str(CONFIG), docs_dir=str(staged), site_dir=str(out.resolve()), **other
        )
        for section in config.nav or ():
            if isinstance(section, dict) and COMMANDS in section:
                section[COMMANDS] += [f"commands/{name}.md" for name in reference.tree()]
        config.plugins.on_startup(command="build", dirty=False)
        mkdocs.commands.build.build(config)
    except Abort as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="folder (site)")
    with tempfile.TemporaryDirectory() as staged:
        stage(Path(staged))
        return build(Path(staged), parser.parse_args().out)


if __name__ == "__main__":
    sys.exit(main())
