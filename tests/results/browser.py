"""Chromium without a window, spoken to by its DevTools protocol: what people and programs find.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websocket import WebSocket, create_connection

NAMES = ("chromium", "google-chrome", "chromium-browser")
ANSWER_S = 30.0


class Page:
    """One tab. `trouble` is whatever a page must not do: console messages, errors, requests."""

    def __init__(self, socket: WebSocket, session: str) -> None:
        self._socket, self._session = socket, session
        self._ids = itertools.count(1)
        self.trouble: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and its answer."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | {"sessionId": self._session}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("sessionId") != self._session:
                continue
            if said.get("id") == number:
                if "error" in said:
                    raise AssertionError(f"{method}: {said['error']}")
                return dict(said["result"])
            self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        method, about = said.get("method"), said.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.trouble.append(f"console: {about['args']}")
        elif method == "Runtime.exceptionThrown":
            self.trouble.append(f"exception: {about['exceptionDetails']}")
        elif method == "Log.entryAdded":
            self.trouble.append(f"log: {about['entry']['text']}")
        elif method == "Page.javascriptDialogOpening":
            self.trouble.append(f"dialog: {about['message']}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])

    def open(self, url: str) -> None:
        """Load a page and wait until its script has run."""
        self.call("Page.navigate", url="about:blank")
        self.trouble.clear()
        self.requests.clear()
        self.call("Page.navigate", url=url)
        until = time.monotonic() + ANSWER_S
        while self.js("document.readyState") != "complete" or self.js("location.href") != url:
            if time.monotonic() > until:
                raise AssertionError(f"{url} did not load")
            time.sleep(0.02)

    def js(self, expression: str) -> Any:
        """The value of an expression, as JSON."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def settle(self) -> None:
        """Wait until the page has been laid out and its observers have been told."""
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def click(self, selector: str) -> None:
        """Press the left button of the mouse in the middle of an element."""
        x, y = self.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2];"
            "})()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def table(self, ident: str) -> list[list[str]]:
        """The text of a table's body, cell by cell."""
        rows: list[list[str]] = self.js(
            f"[...document.querySelectorAll('#{ident} tbody tr')]"
            ".map(r => [...r.children].map(c => c.textContent))"
        )
        return rows

    def wide(self, width: int, height: int = 900) -> None:
        """Another size of the window, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )


@contextmanager
def chromium(folder: Path) -> Iterator[Page]:
    """A browser that keeps everything in `folder`, with one tab; ended at the end."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.fail("no browser: sudo apt-get install chromium (Ubuntu: Google Chrome)")
    words = [
        program,
        "--headless",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder / 'profile'}",
        "--no-first-run",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    if os.geteuid() == 0:
        words.append("--no-sandbox")  # Chromium's own does not run as root
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        socket = create_connection(
            _address(process, folder / "chromium.log"), timeout=ANSWER_S, suppress_origin=True
        )
        try:
            yield _tab(socket)
        finally:
            socket.close()
    finally:
        process.terminate()
        try:
            process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + ANSWER_S
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"DevTools listening on (ws://\S+)", log.read_text(errors="replace"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"Chromium did not start:\n{log.read_text(errors='replace')}")


def _tab(socket: WebSocket) -> Page:
    def ask(number: int, method: str, **parameters: Any) -> dict[str, Any]:
        socket.send(json.dumps({"id": -number, "method": method, "params": parameters}))
        while True:
            said = json.loads(socket.recv())
            if said.get("id") == -number:
                return dict(said["result"])

    target = ask(1, "Target.createTarget", url="about:blank")["targetId"]
    session = ask(2, "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    return Page(socket, session)
