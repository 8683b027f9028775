"""HTTP and DNS: the only package that knows aiohttp (as a client) and dnspython."""

from typing import TYPE_CHECKING

from aiohttp import ClientSession as HTTPSession

from jmap_async.transport.channel import Channel
from jmap_async.transport.discovery import Discovery, discover
from jmap_async.transport.download import DownloadStream
from jmap_async.transport.headers import checked_headers
from jmap_async.transport.http import MAX_RESPONSE_SIZE, Transport
from jmap_async.transport.problem import problem
from jmap_async.transport.response import HTTPResponse, Timeouts
from jmap_async.transport.urls import may_receive_credentials

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as Resolver  # see srv.py

__all__ = [
    "MAX_RESPONSE_SIZE",
    "Channel",
    "Discovery",
    "DownloadStream",
    "HTTPResponse",
    "HTTPSession",
    "Timeouts",
    "Transport",
    "checked_headers",
    "discover",
    "may_receive_credentials",
    "problem",
]
