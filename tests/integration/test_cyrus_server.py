"""The harness itself, spoken to without the client: every test of this folder rests on it."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from . import cyrus as harness, cyrus_config
from .cyrus import Cyrus, CyrusError, User, unavailable
from .letter import letter
from .smtp_sink import SmtpSink

USING = [f"urn:ietf:params:jmap:{name}" for name in ("core", "mail", "submission")]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Open an HTTP session."""
    async with aiohttp.ClientSession() as session:
        yield session


async def get_session(http: aiohttp.ClientSession, server: Cyrus, user: User) -> dict[str, Any]:
    """Fetch the user's JMAP session."""
    async with http.get(server.session_url, headers=login(user)) as answer:
        answer.raise_for_status()
        session: dict[str, Any] = await answer.json()
    return session


async def jmap(http: aiohttp.ClientSession, server: Cyrus, user: User, *calls: object) -> list[Any]:
    """Send these invocations in one request and return the arguments of the answers."""
    body = {"using": USING, "methodCalls": [*calls]}
    async with http.post(server.session_url, json=body, headers=login(user)) as answer:
        answer.raise_for_status()
        return [arguments for _, arguments, _ in (await answer.json())["methodResponses"]]


def login(user: User) -> dict[str, str]:
    """Return the header of Basic authentication."""
    return {"Authorization": aiohttp.encode_basic_auth(*user.auth)}


def processes_in(directory: str) -> list[str]:
    """Return the command lines that name this directory."""
    lines: list[str] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [line for line in lines if directory in line]


async def test_session_answers_with_relative_urls(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User
) -> None:
    """The session belongs to the user who logged in and its URLs are paths."""
    session = await get_session(http, cyrus, user)
    assert user.name == session["username"]
    assert [user.account_id] == list(session["accounts"])
    assert "/jmap/" == session["apiUrl"]


async def test_well_known_redirects_to_the_session(
    http: aiohttp.ClientSession, cyrus: Cyrus
) -> None:
    """The well-known path leads to the session, and asks nobody to log in."""
    url = f"http://{cyrus.host}/.well-known/jmap"
    async with http.get(url, allow_redirects=False) as answer:
        assert 301 == answer.status
        assert cyrus.session_url.rstrip("/") == answer.headers["Location"].rstrip("/")


@pytest.mark.parametrize("name", ["", "nobody"], ids=["wrong password", "unknown user"])
async def test_wrong_login_is_refused(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User, name: str
) -> None:
    """Neither a wrong password nor an unknown user gets in."""
    intruder = User(name=name or user.name, password="wrong")
    async with http.get(cyrus.session_url, headers=login(intruder)) as answer:
        assert 401 == answer.status


async def test_users_do_not_see_each_other(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User
) -> None:
    """Each user has an account that nobody else can use."""
    other = await cyrus.new_user()
    call = ["Mailbox/get", {"accountId": other.account_id, "ids": None}, "0"]
    [refused] = await jmap(http, cyrus, user, call)
    assert "accountNotFound" == refused["type"]


async def test_new_user_has_the_usual_mailboxes(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User
) -> None:
    """A new user has an INBOX and a mailbox for each common role."""
    [mailboxes] = await jmap(http, cyrus, user, ["Mailbox/get", {"properties": ["role"]}, "0"])
    roles = {mailbox["role"] for mailbox in mailboxes["list"]}
    assert {"inbox", "archive", "drafts", "junk", "sent", "trash"} == roles


async def test_delivered_message_is_there_at_once(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User
) -> None:
    """A message that was delivered is found without waiting, with its subject."""
    await cyrus.deliver(user, letter("Grüße", text="Straße"))
    reference = {"resultOf": "0", "name": "Email/query", "path": "/ids"}
    _, emails = await jmap(
        http,
        cyrus,
        user,
        ["Email/query", {}, "0"],
        ["Email/get", {"#ids": reference, "properties": ["subject", "preview"]}, "1"],
    )
    [email] = emails["list"]
    assert ("Grüße", "Straße") == (email["subject"], email["preview"].strip())


async def test_indexed_message_is_searchable_at_once(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User
) -> None:
    """A text search finds a message as soon as indexing was asked for."""
    await cyrus.deliver(user, letter("An unusual heading"))
    await cyrus.index(user)
    query = ["Email/query", {"filter": {"subject": "unusual"}}, "0"]
    [found] = await jmap(http, cyrus, user, query)
    assert 1 == len(found["ids"])


async def test_message_becomes_searchable_by_itself(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User
) -> None:
    """A text search finds a message a moment later without being helped."""
    await cyrus.deliver(user, letter("An unusual heading"))
    query = ["Email/query", {"filter": {"subject": "unusual"}}, "0"]
    async with asyncio.timeout(10):
        # The server tells nobody when its index is ready.
        while not (await jmap(http, cyrus, user, query))[0]["ids"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_small_server_advertises_small_limits(
    http: aiohttp.ClientSession, small_cyrus: Cyrus, small_user: User
) -> None:
    """The second server has limits that a test exceeds with a few objects."""
    session = await get_session(http, small_cyrus, small_user)
    expected = {
        "maxCallsInRequest": 3,
        "maxObjectsInGet": 5,
        "maxObjectsInSet": 4,
        "maxSizeRequest": 4096,
        "maxSizeUpload": 8192,
        "maxConcurrentRequests": 2,
        "maxConcurrentUpload": 1,
        "collationAlgorithms": [],
    }
    assert expected == session["capabilities"]["urn:ietf:params:jmap:core"]


async def test_submitted_message_reaches_the_sink(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User, smtp_sink: SmtpSink
) -> None:
    """What a user sends arrives at the mail server with the envelope that was asked for."""
    [mailboxes] = await jmap(http, cyrus, user, ["Mailbox/get", {"properties": ["role"]}, "0"])
    [drafts] = [box["id"] for box in mailboxes["list"] if box["role"] == "drafts"]
    draft = {
        "mailboxIds": {drafts: True},
        "from": [{"email": user.address}],
        "to": [{"email": "carol@example.net"}],
        "subject": "Out",
        "bodyValues": {"1": {"value": "Bye"}},
        "textBody": [{"partId": "1", "type": "text/plain"}],
    }
    submission = {
        "emailId": "#draft",
        "identityId": user.account_id,
        "envelope": {
            "mailFrom": {"email": user.address},
            "rcptTo": [{"email": "carol@example.net"}],
        },
    }
    email_set, submission_set = await jmap(
        http,
        cyrus,
        user,
        ["Email/set", {"create": {"draft": draft}}, "0"],
        ["EmailSubmission/set", {"create": {"sent": submission}}, "1"],
    )
    assert "draft" in email_set["created"]
    assert "sent" in submission_set["created"]
    [received] = await smtp_sink.wait()
    assert (user.address, ("carol@example.net",)) == (received.sender, received.recipients)
    assert "Out" == received.message["Subject"]


async def test_shared_mailbox_shows_the_account(
    http: aiohttp.ClientSession, cyrus: Cyrus, user: User
) -> None:
    """Access rights make an account appear read-only, then writable, then disappear."""
    guest = await cyrus.new_user()
    before = await get_session(http, cyrus, guest)

    await cyrus.set_acl(user, "INBOX", guest, "lr")
    reader = await get_session(http, cyrus, guest)
    assert reader["accounts"][user.account_id]["isReadOnly"]
    assert before["state"] != reader["state"]

    await cyrus.set_acl(user, "INBOX", guest, "lrswipkxtecd")
    writer = await get_session(http, cyrus, guest)
    assert not writer["accounts"][user.account_id]["isReadOnly"]

    await cyrus.set_acl(user, "INBOX", guest, "")
    after = await get_session(http, cyrus, guest)
    assert [guest.account_id] == list(after["accounts"])


async def test_refused_access_right_is_an_error(cyrus: Cyrus, user: User) -> None:
    """A mailbox that does not exist cannot be shared, and the harness says so."""
    with pytest.raises(CyrusError, match="SETACL of Nowhere"):
        await cyrus.set_acl(user, "Nowhere", user, "lr")


def test_failed_start_says_why(cyrus: Cyrus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a server that cannot start has its reason or says where to find it."""
    monkeypatch.setattr(cyrus_config, "SMALL_LIMITS", "jmap_max_calls_in_request:\n")
    broken = Cyrus(smtp_port=cyrus.smtp_port, small_limits=True)
    reason = "empty option value|system log of this machine"
    with pytest.raises(CyrusError, match=reason), broken:
        pass


def test_stopped_server_leaves_nothing_behind(cyrus: Cyrus) -> None:
    """After a server has stopped its processes and its files are gone; another keeps running."""
    with Cyrus(smtp_port=cyrus.smtp_port) as other:
        directory = other.directory
        assert processes_in(str(directory))
    assert [] == processes_in(str(directory))
    assert not directory.exists()
    assert processes_in(str(cyrus.directory))


def test_killed_test_run_leaves_no_process_behind(cyrus: Cyrus) -> None:
    """A server ends with the process that started it, even if that is killed."""
    source = (
        f"from {harness.__name__} import Cyrus\n"
        f"with Cyrus(smtp_port={cyrus.smtp_port}) as server:\n"
        "    print(server.session_url, flush=True)\n"
        "    input()\n"
    )
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        runner = subprocess.Popen(
            [sys.executable, "-c", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "TMPDIR": directory, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        with runner:
            assert runner.stdout is not None
            assert runner.stdout.readline().startswith(b"http://127.0.0.1:")
            assert processes_in(directory)
            runner.kill()
        deadline = time.monotonic() + 10
        while processes_in(directory) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [] == processes_in(directory)


def test_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the packages the reason names what is missing and how to install it."""
    monkeypatch.setattr(harness, "_PROGRAMS", (Path("/nowhere/master"),))
    reason = unavailable()
    assert reason is not None
    assert "master missing" in reason
    assert "apt-get install --no-install-recommends cyrus-imapd" in reason


def test_ordinary_user_is_told_to_become_root(
    cyrus: Cyrus,  # noqa: ARG001 - only where the packages are installed
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only root can start the server, and anybody else is told so."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    reason = unavailable()
    assert reason is not None
    assert "root" in reason
