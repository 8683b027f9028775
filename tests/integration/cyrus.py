"""A throw-away Cyrus IMAP server on loopback: start, users, deliveries, access rights, stop."""

import asyncio
import contextlib
import http.client
import imaplib
import itertools
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import attrs

from .cyrus_config import BINARIES, DOMAIN, FOLDERS, Ports, cyrus_conf, imapd_conf
from .system_log import SystemLog

_SASLPASSWD: Final = Path("/usr/sbin/saslpasswd2")
_SETPRIV: Final = Path("/usr/bin/setpriv")
_PROGRAMS: Final = (
    *(BINARIES / name for name in ("master", "httpd", "imapd", "lmtpd", "squatter", "ctl_cyrusdb")),
    _SASLPASSWD,
    _SETPRIV,
)
_INSTALL: Final = "apt-get install --no-install-recommends cyrus-imapd cyrus-caldav sasl2-bin"

# The server's own account; the end of this process also ends the server, whatever the reason.
_AS_CYRUS: Final = (
    *(_SETPRIV, "--reuid=cyrus", "--regid=mail", "--init-groups"),
    *("--pdeathsig=TERM", "--"),
)

_PATIENCE: Final = 20.0
"""Seconds that one step (start, login, delivery, stop) may take before it counts as failed."""


class CyrusError(Exception):
    """The server could not be started, or refused what a test asked it to do."""


def unavailable() -> str | None:
    """Say in one line why no Cyrus server can be started here; None if it can."""
    if sys.platform != "linux":
        return "Cyrus IMAP needs Linux"
    missing = [program.name for program in _PROGRAMS if not program.exists()]
    if missing:
        return f"Cyrus IMAP is not installed ({', '.join(missing)} missing), as root: {_INSTALL}"
    if os.geteuid() != 0:
        return "only root can start Cyrus IMAP, which is installed here: run the tests as root"
    return None


@attrs.frozen(kw_only=True)
class User:
    """Someone who can log in: `auth` is for Basic authentication, `account_id` as in JMAP."""

    name: str
    password: str = attrs.field(repr=False)

    @property
    def account_id(self) -> str:
        """The id of the user's own account."""
        return self.name

    @property
    def address(self) -> str:
        """The user's mail address."""
        return f"{self.name}@{DOMAIN}"

    @property
    def auth(self) -> tuple[str, str]:
        """Name and password."""
        return self.name, self.password


@attrs.define(kw_only=True)
class Cyrus:
    """A server of its own in a temporary directory, running while the context is entered.

    Enter it in the main thread: the server ends with the thread that started it. `smtp_port` is
    the loopback port that takes the mail of EmailSubmission. With `small_limits` the server
    advertises the limits of `cyrus_config.SMALL_LIMITS`.
    """

    smtp_port: int
    small_limits: bool = False
    directory: Path = attrs.field(init=False)
    _ports: Ports = attrs.field(init=False)
    _running: contextlib.ExitStack = attrs.field(init=False, factory=contextlib.ExitStack)
    _numbers: Iterator[int] = attrs.field(init=False, factory=lambda: itertools.count(1))

    @property
    def host(self) -> str:
        """Host and port of the HTTP service, where `/.well-known/jmap` answers."""
        return f"127.0.0.1:{self._ports.http}"

    @property
    def session_url(self) -> str:
        """The URL of the JMAP session."""
        return f"http://{self.host}/jmap/"

    def __enter__(self) -> Self:
        """Start the server and wait until it answers; CyrusError says why it does not."""
        with contextlib.ExitStack() as stack:
            self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory("-cyrus")))
            with _free_ports(self.smtp_port) as self._ports, SystemLog() as log:
                self._write_files()
                process = stack.enter_context(self._master())
                self._wait_until_ready(process, log)
            self._running = stack.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop every process of the server and remove its files."""
        self._running.close()

    async def new_user(self) -> User:
        """Add a user with a name that nobody has."""
        # All equally long, since Cyrus writes them into messages.
        return await self.add_user(f"user{next(self._numbers):04}", "secret")

    async def add_user(self, name: str, password: str) -> User:
        """Add a user with an INBOX and the folders of the usual roles."""
        user = User(name=name, password=password)
        await asyncio.to_thread(self._add_user, user)
        return user

    async def deliver(self, user: User, message: bytes) -> None:
        """Put a message into the user's INBOX, as a mail server does (LMTP)."""
        await asyncio.to_thread(self._deliver, user, message)

    async def index(self, user: User) -> None:
        """Make all mail of the user searchable by its text; by itself that happens a bit later."""
        await asyncio.to_thread(self._index, user)

    async def set_acl(self, owner: User, mailbox: str, user: User, rights: str) -> None:
        """Give `user` these IMAP rights on a mailbox of `owner`, by path; "" takes all away.

        "lr" makes a read-only account, "lrswipkxtecd" on every mailbox one with all rights.
        """
        await asyncio.to_thread(self._set_acl, owner, mailbox, user, rights)

    def _write_files(self) -> None:
        for folder in FOLDERS:
            (self.directory / folder).mkdir()
        text = imapd_conf(self.directory, self._ports, small_limits=self.small_limits)
        (self.directory / "imapd.conf").write_text(text)
        (self.directory / "cyrus.conf").write_text(cyrus_conf(self.directory, self._ports))
        for path in (self.directory, *self.directory.rglob("*")):
            shutil.chown(path, "cyrus", "mail")

    @contextlib.contextmanager
    def _master(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the process that starts all others, in a process group with them."""
        services = ("-M", self.directory / "cyrus.conf", "-p", self.directory / "master.pid")
        with (self.directory / "output").open("wb") as output:
            process = subprocess.Popen(
                [*_AS_CYRUS, BINARIES / "master", *self._options, *services, "-D"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            _stop(process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: SystemLog) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            status = process.poll()
            if status is not None or time.monotonic() > deadline:
                ending = "gave no answer" if status is None else f"ended with status {status}"
                output = (self.directory / "output").read_text(errors="replace")
                msg = f"the Cyrus master process {ending}:\n{log.finish()}\n{output[-2000:]}"
                raise CyrusError(msg)
            time.sleep(0.01)

    def _answers(self) -> bool:
        with contextlib.closing(http.client.HTTPConnection(self.host, timeout=_PATIENCE)) as probe:
            try:
                probe.request("GET", "/.well-known/jmap")
                return probe.getresponse().status == http.client.MOVED_PERMANENTLY
            except (OSError, http.client.HTTPException):
                return False

    @property
    def _options(self) -> tuple[str | Path, ...]:
        """The arguments that every program of the server takes."""
        return "-C", self.directory / "imapd.conf"

    def _add_user(self, user: User) -> None:
        database = self.directory / "sasldb2"
        command = (_SASLPASSWD, "-p", "-c", "-f", database, "-u", DOMAIN, user.name)
        _run(*command, standard_input=user.password)
        with self._imap(user):
            pass  # The first login makes the mailboxes; without them JMAP answers 500.

    def _deliver(self, user: User, message: bytes) -> None:
        port = self._ports.lmtp
        # The name is given, for otherwise smtplib asks the DNS for it.
        with smtplib.LMTP("127.0.0.1", port, local_hostname="localhost") as lmtp:
            lmtp.sendmail("sender@example.net", [user.address], message)

    def _index(self, user: User) -> None:
        _run(BINARIES / "squatter", *self._options, "-i", "-u", user.name)

    def _set_acl(self, owner: User, mailbox: str, user: User, rights: str) -> None:
        with self._imap(owner) as imap:
            status, answer = imap.setacl(f'"{mailbox}"', user.name, f'"{rights}"')
        if status != "OK":
            msg = f"SETACL of {mailbox} of {owner.name} was answered by {status} {answer!r}"
            raise CyrusError(msg)

    @contextlib.contextmanager
    def _imap(self, user: User) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self._ports.imap, timeout=_PATIENCE) as imap:
            imap.login(user.name, user.password)
            yield imap


@contextlib.contextmanager
def _free_ports(smtp_port: int) -> Iterator[Ports]:
    """Hold three free ports so that nobody else is given them; the server can still listen.

    SO_REUSEADDR on both sides allows that as long as the one who holds does not listen.
    """
    with contextlib.ExitStack() as stack:
        numbers: list[int] = []
        for _ in range(3):
            holder = stack.enter_context(socket.socket())
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", 0))
            numbers.append(holder.getsockname()[1])
        http_port, imap_port, lmtp_port = numbers
        yield Ports(http=http_port, imap=imap_port, lmtp=lmtp_port, smtp=smtp_port)


def _run(*command: str | Path, standard_input: str = "") -> None:
    """Run one of the server's tools to its end; CyrusError has what it said if it failed."""
    done = subprocess.run(
        [*_AS_CYRUS, *command],
        input=standard_input,
        check=False,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    if done.returncode:
        msg = f"{command[0]} ended with status {done.returncode}: {done.stdout}{done.stderr}"
        raise CyrusError(msg)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the master to stop, which stops the others, then end what is left of its group."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_PATIENCE)
