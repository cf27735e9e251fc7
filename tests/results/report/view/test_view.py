"""The page's data and file, and the server that shows nothing else."""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from giaoban.errors import InputError
from giaoban.results.archive.page import page_of, read_run, write_page
from giaoban.results.model.map import Map
from giaoban.results.report.view.page import PARTS, page
from giaoban.results.report.view.page_data import PageSubject, page_data
from giaoban.results.report.view.run_data import curves
from giaoban.results.report.view.serve import PageServer
from giaoban.scenarios.study.page_map import page_map
from tests.results import history_factory as h
from tests.results import results_factory as f
from tests.results import view_factory as v


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    folder = v.folder(tmp_path, v.result())
    text = write_page(folder).read_text(encoding="utf-8")
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []
    assert "@" not in re.sub(r"<script.*?</script>|<style>.*?</style>", "", text, flags=re.S)
    for mark in ("http://", "https://", "//cdn"):
        places = text.replace('"http://www.w3.org/2000/svg"', "")
        assert mark not in places
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy[1].startswith("default-src 'none';")
    for kind, tag in (("script", "script"), ("style", "style")):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.S)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]
    assert write_page(folder).read_text(encoding="utf-8") == text


def test_no_style_or_handler_stands_in_the_markup() -> None:
    """The policy would stop them, so the page would not work with them."""
    markup = (PARTS / "page.html").read_text(encoding="utf-8")
    assert not re.search(r'\sstyle="|\son[a-z]+="', markup)


def test_curves_are_the_series_to_the_last_bit_of_32() -> None:
    series = f.series(seconds=30, losing=True)
    packed = curves(series)
    floats = np.frombuffer(base64.b64decode(packed["data"]), dtype="<f4").reshape(-1, 30)
    for key, places in packed["streams"].items():
        for measure, group in (("delay", series.stream_delay_ms), ("mos", series.stream_mos)):
            if measure in places:
                expected = group[key].astype(np.float32)
                assert np.array_equal(floats[places[measure]], expected, equal_nan=True)
    assert np.array_equal(floats[packed["used"]], series.mcu_used_pct.astype(np.float32))
    assert packed["streams"].keys() == series.stream_delay_ms.keys()
    assert "mos" not in packed["streams"]["cu-jut video up"]


def test_the_map_has_every_site_and_nothing_on_anything_else() -> None:
    network = v.network([(f"xa-{n}", f"Xã Đắk R'Moan {n}", "r-dak-mil") for n in range(20)])
    shown = page_map(network, list(f.NEW))
    assert {n.id for n in network.nodes} == {x.id for x in [*shown.routers, *shown.hosts]}
    assert {link.id for link in network.links} == {link.id for link in shown.links}
    places = [(x.x, x.y) for x in [*shown.routers, *shown.hosts]]
    assert all(0 < x < shown.width and 0 < y < shown.height for x, y in places)
    column = sorted(host.y for host in shown.hosts if host.router == "r-dak-mil")
    assert len(column) == 21
    assert min(b - a for a, b in itertools.pairwise(column)) > 15
    assert [x.id for x in shown.hosts if x.new] == ["tx-gia-nghia", "quang-son"]
    assert Map.model_validate_json(shown.to_json()) == shown


def test_damaged_files_are_told(tmp_path: Path) -> None:
    folder = v.folder(tmp_path, v.result())
    (folder / "map.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"map\.json: not a giaoban\.map/1 file"):
        page_of(folder, lang="vi")
    (folder / "map.json").unlink()
    (folder / "series.npz").write_bytes(b"no series")
    with pytest.raises(InputError, match="is not a series file"):
        read_run(folder)
    with pytest.raises(InputError, match="not a finished run"):
        page_of(tmp_path, lang="vi")
    tried = v.failures(tmp_path)
    with pytest.raises(InputError, match="a run of failures is compared with nothing"):
        page_of(tried, lang="vi", other=folder)
    with pytest.raises(ValueError, match="a page of nothing"):
        page_data(PageSubject(None), "vi")


def test_figures_are_carried_over_as_they_are(tmp_path: Path) -> None:
    result = v.result()
    text = page(PageSubject(read_run(v.folder(tmp_path, result))), "en")
    block = re.search(r'id="data">(.*?)</script>', text, flags=re.S)
    told = json.loads(block[1])["run"]
    for shown, phase in zip(told["phases"], result.phases, strict=True):
        for bridge in phase.bridges:
            for a, b in zip(shown["bridges"][bridge.id], bridge.streams, strict=True):
                assert all(a[key] == getattr(b, key) for key in a), bridge.id


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

    def ask(
        self, server: PageServer, path: str, *, method: str = "GET", host: str | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=120)
        try:
            name = f"127.0.0.1:{server.server_port}" if host is None else host
            connection.putrequest(method, path, skip_host=True)
            connection.putheader("Host", name)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def test_the_page(self, server: PageServer) -> None:
        status, body, headers = self.ask(server, "/")
        assert (status, body.decode()) == (200, "<p>Đắk R'Lấp</p>")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["Cache-Control"] == "no-store"
        assert "Python" not in headers["Server"]
        status, body, headers = self.ask(server, "/?x=1", method="HEAD")
        assert (status, body) == (200, b"")
        assert headers["Content-Length"] == str(len("<p>Đắk R'Lấp</p>".encode()))
        assert self.ask(server, "/", host=f"localhost:{server.server_port}")[0] == 200

    @pytest.mark.parametrize(
        "path",
        ["/result.json", "/../../etc/passwd", "/%2e%2e/etc/passwd", "//etc/passwd", "/index.html"],
    )
    def test_no_other_path(self, server: PageServer, path: str) -> None:
        status, body, _ = self.ask(server, path)
        assert status in (400, 404)
        assert b"root:" not in body

    @pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80"])
    def test_no_other_host(self, server: PageServer, host: str) -> None:
        assert self.ask(server, "/", host=host)[0] == 403

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
    def test_nothing_can_be_sent(self, server: PageServer, method: str) -> None:
        assert self.ask(server, "/", method=method)[0] == 501

    def test_only_loopback_listens(self, server: PageServer) -> None:
        assert server.server_address[0] == "127.0.0.1"

    def test_a_taken_port_is_told(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(InputError, match=f"--port {port}: Address already in use"):
                PageServer("", port)


def test_a_run_of_the_year_before_maps(tmp_path: Path) -> None:
    """The history's own runs have no map and no series; the page says so."""
    folder = h.keep(tmp_path, h.measured(h.JANUARY))
    assert '"map":null' in page_of(folder, lang="vi")
