"""The documents: what they name is there, and they become a site without a network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from giaoban.scenarios.cli.app import COMMANDS, every_command
from scripts.docs import fences, reference

ROOT = fences.ROOT
ROOMS = "giaoban|topology|traffic|mcu_sim|scenarios|results|bench|tests|scripts|docs"
PLACEHOLDER = re.compile(r"[A-Z]{3,}|/runs\b|/my-|/cho-moi")
"""`NAME.toml`, and what comes to be by using the program."""
LOADED = {
    **{"script": "src", "img": "src", "iframe": "src", "source": "src"},
    **{"link": "href", "object": "data"},
}
"""Elements that a browser loads something for, and by which attribute."""


@pytest.mark.parametrize("page", fences.pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(rf"`((?:{ROOMS})/[\w./-]+)`", page.read_text(encoding="utf-8"))
    gone = {path for path in named if not PLACEHOLDER.search(path) and not (ROOT / path).exists()}
    assert not gone


def test_the_way_through_the_code_is_one() -> None:
    """Each of its files is led to by one before it: imported, by itself or through its package."""
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    part = page.partition("### From the command")[2].partition("\nThe run folder")[0]
    files = re.findall(r"`([\w/]+\.py)`", part)
    assert re.findall(r"(\d+) files", part) == [str(len(set(files)))]
    assert len(set(files)) == len(files)
    texts = [(ROOT / path).read_text(encoding="utf-8") for path in files]
    for number, path in enumerate(files[1:], 1):
        package, _, name = path.removesuffix(".py").replace("/", ".").rpartition(".")
        led = re.compile(rf"giaoban\.{re.escape(package)}(\.{name}\b|\b(?!\.))")
        assert any(led.search(text) for text in texts[:number]), path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as by `make docs`, strictly: a broken link or a page in no menu fails it."""
    out = tmp_path_factory.mktemp("site")
    made = _python("-m", "scripts.docs", "--out", str(out))
    assert made.returncode == 0, made.stderr
    return out


class _Loaded(HTMLParser):
    """What a page has a browser load."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (address := given.get(LOADED.get(tag, ""))) and given.get("rel") != "canonical":
            self.addresses.append(address)


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    loaded = {address for page in pages for address in _Loaded(page).addresses}
    assert any(address.endswith(".css") for address in loaded)
    assert not {address for address in loaded if re.match(r"(\w+:)?//", address)}
    styles = "".join(each.read_text(encoding="utf-8") for each in site.rglob("*.css"))
    assert not re.findall(r"(?:url\(|@import\s+)['\"]?(?:https?:)?//", styles)


def test_the_site_is_searched_in_both_languages(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert index["config"]["lang"] == ["en", "vi"]
    told = {each["location"].partition("#")[0]: each["text"] for each in index["docs"]}
    assert {"the-mcu.html", "vi/index.html"} <= told.keys()


def test_a_page_without_a_translation_says_so(site: Path) -> None:
    untranslated = (site / "vi" / "the-mcu.html").read_text(encoding="utf-8")
    assert "chỉ có bản tiếng Anh" in untranslated
    assert "chỉ có bản tiếng Anh" not in (site / "the-mcu.html").read_text(encoding="utf-8")
    assert "chỉ có bản tiếng Anh" not in (site / "vi" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["", "vi"], ids=["English", "Vietnamese"])
def test_every_command_has_a_page_with_all_its_options(site: Path, lang: str) -> None:
    for name in COMMANDS:
        text = (site / lang / "commands" / f"{name}.html").read_text(encoding="utf-8")
        for path, command in reference.walk(name, reference.tree()[name]):
            assert f"giaoban {' '.join(path)}" in text
            options = [p for p in command.params if p.opts[0].startswith("-") and not p.hidden]
            assert not {p.opts[0] for p in options if f"<code>{p.opts[0]}</code>" not in text}


@pytest.mark.parametrize(
    ("page", "title"), [("overview.md", "Exit codes"), ("vi/overview.md", "Mã thoát")]
)
def test_every_command_that_says_its_exit_codes_is_in_the_table_of_all(
    page: str, title: str
) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    table = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    said = {
        "stream" if words[0] == "stream" else " ".join(words)
        for words, command in every_command()
        if re.search(r"\bexit (code )?[0-9]", " ".join((command.help or "").split()), re.IGNORECASE)
    }
    assert len(said) > 5
    # what a trial of failures ends with is what the codes mean anyway
    assert {command for command in said - {"faults"} if f"`{command}`" not in table} == set()


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    for lang in ("en", "vi"):
        (tmp_path / "docs" / lang).mkdir(parents=True)
        (tmp_path / "docs" / lang / "index.md").write_text("# Here", encoding="utf-8")
    broken = "[there](no-such-page.md) [here](index.md#no-such-place)"
    (tmp_path / "docs" / "en" / "index.md").write_text(broken, encoding="utf-8")
    call = "build(Path(sys.argv[1]), Path(sys.argv[2]), nav=['index.md'])"
    made = _python(
        "-c",
        "import sys; from pathlib import Path; from scripts.docs.__main__ import build; "
        f"sys.exit({call})",
        *(str(tmp_path / "docs"), str(tmp_path / "site")),
    )
    assert made.returncode == 1
    assert "no-such-page.md" in made.stderr
    assert "#no-such-place" in made.stderr


def _python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
