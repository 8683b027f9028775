"""Blobs on their way to the server and back, streamed (RFC 8620, 6)."""

from jmap_async.blobs.download import Download, download_url
from jmap_async.blobs.upload import Progress, Uploader

__all__ = ["Download", "Progress", "Uploader", "download_url"]
