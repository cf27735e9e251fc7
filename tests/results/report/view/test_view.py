"""The page is one static file, and the server shows nothing else."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.results.archive.page import page_of, write_page
from giaoban.results.report.view.page import PARTS
from giaoban.results.report.view.serve import PageServer
from tests.results import view_factory as v


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    folder = v.folder(tmp_path, v.result())
    text = write_page(folder).read_text(encoding="utf-8")
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []
    for mark in ("http://", "https://", "//cdn"):
        assert mark not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    for kind in ("script", "style"):
        [inside] = re.findall(rf"<{kind}>(.*?)</{kind}>", text, flags=re.S)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]
    markup = (PARTS / "page.html").read_text(encoding="utf-8")
    assert not re.search(r'\sstyle="|\son[a-z]+="', markup)


def test_pictures_of_the_run_are_in_it_once(tmp_path: Path) -> None:
    folder = v.folder(tmp_path, v.result())
    assert "<figure" not in page_of(folder, lang="vi")
    (folder / "plots").mkdir()
    (folder / "plots" / "delay.vi.svg").write_text("<svg/>", encoding="utf-8")
    text = page_of(folder, lang="vi")
    assert text.count(base64.b64encode(b"<svg/>").decode()) == 1
    assert '<span lang="en">One-way delay of each stream over the phases</span>' in text


def test_a_folder_without_an_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a finished run"):
        page_of(tmp_path, lang="vi")


@pytest.mark.realtime
class TestServer:
    """Only the page, only from here."""

    @pytest.fixture
    def server(self) -> Iterator[PageServer]:
        with PageServer("<p>Đắk R'Lấp</p>") as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            yield server
            server.shutdown()
            thread.join()

    def ask(self, server: PageServer, path: str, host: str | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=120)
        try:
            name = f"127.0.0.1:{server.server_port}" if host is None else host
            connection.putrequest("GET", path, skip_host=True)
            connection.putheader("Host", name)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def test_only_the_page_and_only_for_this_host(self, server: PageServer) -> None:
        assert self.ask(server, "/") == (200, "<p>Đắk R'Lấp</p>".encode())
        assert self.ask(server, "/../../etc/passwd")[0] in (400, 404)
        assert self.ask(server, "/", host="evil.example")[0] == 403

    def test_a_taken_port_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(InputError, match=f"--port {port}: Address already in use"):
                PageServer("", port)
