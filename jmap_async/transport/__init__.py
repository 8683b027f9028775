"""HTTP and DNS: the only package that knows aiohttp (as a client) and dnspython."""

from aiohttp import ClientSession as HTTPSession
from dns.asyncresolver import Resolver

from jmap_async.transport.discovery import Discovery, discover
from jmap_async.transport.download import DownloadStream
from jmap_async.transport.http import Transport
from jmap_async.transport.problem import problem
from jmap_async.transport.response import HTTPResponse, Timeouts
from jmap_async.transport.urls import may_receive_credentials

__all__ = [
    "Discovery",
    "DownloadStream",
    "HTTPResponse",
    "HTTPSession",
    "Resolver",
    "Timeouts",
    "Transport",
    "discover",
    "may_receive_credentials",
    "problem",
]
