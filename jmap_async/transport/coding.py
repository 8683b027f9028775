"""Content codings of downloads, undone as they come and up to their end (RFC 9110, 8.4.1)."""

import zlib
from collections.abc import Iterator
from typing import Final

from jmap_async.transport.wording import one_line

_PIECE: Final = 256 * 1024
"""Octets that come out at once, however small what goes in."""

_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}

_RAW: Final = -15


class CodingError(ValueError):
    """A body is not in the coding that it is said to be in."""


class Decoder:
    """Undoes a coding; `complete` tells whether it has come to its end.

    Raises CodingError for a coding other than gzip and deflate.
    """

    def __init__(self, coding: str) -> None:
        if coding not in _WINDOW_BITS:
            raise CodingError(f"in the coding {one_line(coding)}, which was not asked for")
        self._coding = coding
        self._stream = zlib.decompressobj(_WINDOW_BITS[coding])
        self._begun = False

    @property
    def complete(self) -> bool:
        """Whether nothing more is to come."""
        return self._stream.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what further octets stand for, in pieces; raises CodingError."""
        if data and not self._begun:
            self._begin(data)
        more = bool(data)
        while more:
            if self._stream.eof:
                self._begin_again()
            piece = self._decompress(data)
            if piece:
                yield piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            # A full piece may have more behind it that has been taken in already.
            more = bool(data) or (len(piece) == _PIECE and not self._stream.eof)

    def _begin(self, data: bytes) -> None:
        self._begun = True
        # Some servers leave out the frame of zlib, whose first octet names its method, 8.
        if self._coding == "deflate" and data[0] & 0xF != 8:
            self._stream = zlib.decompressobj(_RAW)

    def _begin_again(self) -> None:
        # RFC 1952, 2.2: a gzip file has one member after another.
        if self._coding == "deflate":
            raise CodingError("followed by more than it should be")
        self._stream = zlib.decompressobj(_WINDOW_BITS[self._coding])

    def _decompress(self, data: bytes) -> bytes:
        try:
            return self._stream.decompress(data, _PIECE)
        except zlib.error as error:
            reason = str(error)
        raise CodingError(f"not decodable ({reason})")


def decoder_for(header: str) -> Decoder | None:
    """Return what undoes a Content-Encoding; None where there is nothing to undo.

    Raises CodingError if it cannot be undone here.
    """
    coding = header.strip().lower()
    return None if coding in {"", "identity"} else Decoder(coding)


def undone(body: bytes, header: str, limit: int) -> bytes:
    """Return the start of a body in plain, as far as it can be decoded."""
    plain = b""
    try:
        decoder = decoder_for(header)
        if decoder is None:
            return body
        for piece in decoder.decode(body):
            plain += piece
            if len(plain) >= limit:
                break
    except CodingError:
        pass
    return plain[:limit]
