"""The committed front end is what its source builds, and its own tests pass."""

from __future__ import annotations

import pytest

from tools import frontend


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    frontend.install()


def test_typescript_has_no_type_errors() -> None:
    frontend.npm("run", "check")


def test_unit_tests_of_the_front_end_pass() -> None:
    frontend.npm("test")


def test_built_files_are_up_to_date() -> None:
    assert frontend.differences() == [], "run make frontend and commit the result"
