"""The real app in real Chromium: one server per test module, a fresh library each."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from designer.design.model import Design
from designer.presets import load_preset
from designer.store import Store
from tests.browser.hands import opened_id

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 90

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stand in for the plugin's own, which pytest 9.2 warns about: every page is opened by its full address."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": shutil.which("chromium"), "args": flags}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 800}, "accept_downloads": True}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """The studio as a process, on a database that outlives a restart."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'library.db'}"

    def design(self, page: Page) -> Design:
        """The design that a page has open, from this server's library; a preset before its first edit, as published."""
        store = Store(self.database)
        try:
            return store.get(opened_id(page)).design
        except KeyError:
            return load_preset(page.url.rpartition("preset=")[2])
        finally:
            store.close()

    def start(self) -> None:
        database = {"BLOCKWRIGHT_DB": self.database, "BLOCKWRIGHT_DATA": str(self.folder)}
        options = ["--server.port", str(self.port), "--server.address", "127.0.0.1", "--server.headless", "true"]
        command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | database, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        raise AssertionError(f"the studio did not start: {self.log()[-2000:]}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("studio"))
    running.start()
    yield running
    running.stop()
    assert "Traceback" not in running.log(), running.log()[-4000:]


@pytest.fixture
def studio(server: Server, page: Page) -> Page:
    """A page with the editor open on the first preset, its numbers shown."""
    if server.process is None:  # a test that failed may have left it stopped
        server.start()
    page.set_default_timeout(30_000)
    page.goto(server.url)
    page.get_by_test_id("strip-params").wait_for()
    return page
