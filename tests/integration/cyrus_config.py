"""The configuration files of the throw-away Cyrus server, as text."""

from pathlib import Path
from typing import Final

import attrs

BINARIES: Final = Path("/usr/lib/cyrus/bin")
DOMAIN: Final = "example.org"

FOLDERS: Final = (
    "config",
    "spool",
    "lock",
    "proc",
    "search",
    "sieve",
    *(f"config/{name}" for name in ("db", "socket", "log", "msg", "ptclient", "quota", "user")),
)
"""What the server expects to exist below its directory before it starts."""

# Every limit small enough that a handful of objects goes over it. A plain number of the two
# sizes means KiB.
SMALL_LIMITS: Final = """\
jmap_max_calls_in_request: 3
jmap_max_objects_in_get: 5
jmap_max_objects_in_set: 4
jmap_max_size_request: 4
jmap_max_size_upload: 8
jmap_max_concurrent_requests: 2
jmap_max_concurrent_upload: 1
"""


@attrs.frozen(kw_only=True)
class Ports:
    """The loopback ports of one server, and the one where it sends mail to."""

    http: int
    imap: int
    lmtp: int
    smtp: int


def imapd_conf(directory: Path, ports: Ports, *, small_limits: bool) -> str:
    """Return imapd.conf: what the server offers. An empty option stops the server."""
    limits = SMALL_LIMITS if small_limits else ""
    return _STORAGE.format(directory=directory) + _LOGIN + _MAIL.format(smtp=ports.smtp) + limits


def cyrus_conf(directory: Path, ports: Ports) -> str:
    """Return cyrus.conf: what the master process starts."""
    return _PROCESSES.format(bin=BINARIES, config=f"-C {directory}/imapd.conf", ports=ports)


_STORAGE: Final = """\
configdirectory: {directory}/config
defaultpartition: default
partition-default: {directory}/spool
proc_path: {directory}/proc
mboxname_lockpath: {directory}/lock
sievedir: {directory}/sieve
sasl_sasldb_path: {directory}/sasldb2
search_engine: xapian
defaultsearchtier: t1
t1searchpartition-default: {directory}/search
sync_log: on
sync_log_channels: squatter
"""

_LOGIN: Final = f"""\
virtdomains: userid
defaultdomain: {DOMAIN}
servername: {DOMAIN}
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
"""

# munge8bit would change uploaded messages, so that a download differs from its upload.
# Without reverseacls the session state never changes. Mail that was delivered before
# must not be dropped: tests may use one message twice.
_MAIL: Final = """\
httpmodules: jmap
conversations: yes
conversations_counted_flags: \\Flagged \\Answered \\Draft
conversations_max_thread: 100
munge8bit: no
reverseacls: 1
duplicatesuppression: no
jmap_pushpoll: 1s
smtp_backend: host
smtp_host: 127.0.0.1:{smtp}
altnamespace: yes
unixhierarchysep: yes
specialusealways: yes
autocreate_quota: 0
autocreate_inbox_folders: Drafts|Sent|Trash|Junk|Archive
xlist-drafts: Drafts
xlist-sent: Sent
xlist-trash: Trash
xlist-junk: Junk
xlist-archive: Archive
"""

_PROCESSES: Final = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb {config} -r"
}}
SERVICES {{
  http cmd="{bin}/httpd {config}" listen="127.0.0.1:{ports.http}" proto="tcp4" prefork=2
  imap cmd="{bin}/imapd {config}" listen="127.0.0.1:{ports.imap}" proto="tcp4" prefork=1
  lmtp cmd="{bin}/lmtpd {config} -a" listen="127.0.0.1:{ports.lmtp}" proto="tcp4" prefork=1
}}
DAEMON {{
  indexer cmd="{bin}/squatter {config} -R -n squatter -d"
}}
EVENTS {{
  checkpoint cmd="{bin}/ctl_cyrusdb {config} -c" period=30
}}
"""
