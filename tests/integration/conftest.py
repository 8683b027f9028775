"""Servers and users for the integration tests.

One Cyrus server and one mail sink serve the whole run; each test gets users of its own.
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import jmap_async
from jmap_async.client import Client

from .cyrus import Cyrus, User, unavailable
from .smtp_sink import SmtpSink


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m "not integration"` leaves them out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def mail_server() -> Iterator[SmtpSink]:
    """Run the one mail server to which every Cyrus server submits."""
    with SmtpSink.run() as sink:
        yield sink


@pytest.fixture
def smtp_sink(mail_server: SmtpSink) -> SmtpSink:
    """Give the sink, empty."""
    mail_server.clear()
    return mail_server


@pytest.fixture(scope="session")
def cyrus(mail_server: SmtpSink) -> Iterator[Cyrus]:
    """Run a Cyrus server with its usual limits."""
    _require_cyrus()
    with Cyrus(smtp_port=mail_server.port) as server:
        yield server


@pytest.fixture(scope="session")
def small_cyrus(mail_server: SmtpSink) -> Iterator[Cyrus]:
    """Run a Cyrus server with limits that a handful of objects exceeds."""
    _require_cyrus()
    with Cyrus(smtp_port=mail_server.port, small_limits=True) as server:
        yield server


@pytest.fixture
async def user(cyrus: Cyrus) -> User:
    """Add a user to `cyrus` for this test alone; `cyrus.new_user()` adds more."""
    return await cyrus.new_user()


@pytest.fixture
async def small_user(small_cyrus: Cyrus) -> User:
    """Add a user to `small_cyrus` for this test alone."""
    return await small_cyrus.new_user()


@pytest.fixture
async def client(cyrus: Cyrus, user: User) -> AsyncIterator[Client]:
    """Connect to `cyrus` as `user`."""
    async with jmap_async.connect(cyrus.session_url, auth=user.auth) as client:
        yield client


@pytest.fixture
async def small_client(small_cyrus: Cyrus, small_user: User) -> AsyncIterator[Client]:
    """Connect to `small_cyrus` as `small_user`."""
    async with jmap_async.connect(small_cyrus.session_url, auth=small_user.auth) as client:
        yield client


def _require_cyrus() -> None:
    """Skip the test without Cyrus; fail where the run must not pass without it."""
    reason = unavailable()
    if reason is None:
        return
    if os.environ.get("CI") or os.environ.get("JMAP_REQUIRE_CYRUS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
