"""Codings of downloads: whole, cut anywhere, and not what they are said to be."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from jmap_async.transport.coding import CodingError, Decoder, decoder_for, undone


def raw(data: bytes) -> bytes:
    """Compress without a frame, as some servers understand "deflate"."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip ", gzip.compress),
    "gzip in members": (
        "gzip",
        lambda data: gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :]),
    ),
    "deflate": ("deflate", zlib.compress),
    "deflate without a frame": ("deflate", raw),
}
"""What a server may say, and what it may do."""

DATA = st.binary(max_size=2_000) | st.binary(max_size=50).map(lambda data: data * 20_000)


def decoder(coding: str) -> Decoder:
    """Return what undoes a coding."""
    made = decoder_for(coding)
    assert made is not None
    return made


def decoded(coding: str, body: bytes, step: int) -> tuple[bytes, bool]:
    """Decode a body that comes in steps; return what it gave, and whether it came to its end."""
    made = decoder(coding)
    plain = b"".join(
        piece
        for start in range(0, len(body), step)
        for piece in made.decode(body[start : start + step])
    )
    return plain, made.complete


@pytest.mark.parametrize("packer", PACKERS)
@given(DATA, st.integers(1, 3_000))
def test_what_is_whole_comes_out_whole(packer: str, data: bytes, step: int) -> None:
    """However it is cut up on the way."""
    coding, pack = PACKERS[packer]
    assert (data, True) == decoded(coding, pack(data), step)


@pytest.mark.parametrize("packer", PACKERS)
@given(DATA, st.integers(1, 3_000), st.data())
def test_what_is_cut_is_never_complete(
    packer: str, data: bytes, step: int, drawn: st.DataObject
) -> None:
    """Wherever it was cut, the checksum at its end included, what came is a beginning."""
    coding, pack = PACKERS[packer]
    body = pack(data)
    ends = {len(body), len(gzip.compress(data[: len(data) // 2]))}
    length = drawn.draw(st.integers(0, len(body) - 1).filter(lambda length: length not in ends))
    plain, complete = decoded(coding, body[:length], step)
    assert data.startswith(plain)
    assert not complete


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("place", range(2, 40, 3))
def test_what_is_broken_is_not_taken_for_whole(packer: str, place: int) -> None:
    """An octet that was changed, or more than there should be, shows."""
    coding, pack = PACKERS[packer]
    whole = pack(b"some text " * 10)
    body = bytearray(whole)
    body[-place % len(body)] ^= 0x55
    for broken in (bytes(body), whole + b"\x00more"):
        try:
            plain, complete = decoded(coding, broken, 1_000)
        except CodingError:
            continue
        # Some octets do not matter: the system, the time. A raw stream has no checksum.
        assert not complete or plain == b"some text " * 10 or packer == "deflate without a frame"


def test_a_little_that_stands_for_a_lot_comes_in_pieces() -> None:
    """The memory that is needed goes by the pieces and not by what comes out in all."""
    body = gzip.compress(bytes(200_000_000), compresslevel=1)
    tracemalloc.start()
    try:
        total = sum(len(piece) for piece in decoder("gzip").decode(body))
        assert tracemalloc.get_traced_memory()[1] < 4 * len(body) + 1_000_000
    finally:
        tracemalloc.stop()
    assert total == 200_000_000


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "identity, gzip", "\r\nx"])
def test_other_codings_are_refused(coding: str) -> None:
    """What was not asked for and cannot be checked is named."""
    with pytest.raises(CodingError, match="not asked for"):
        decoder_for(coding)


def test_an_error_is_read_as_far_as_it_goes() -> None:
    """Its body is decoded up to a limit, and nothing that is wrong with it is another error."""
    packed = gzip.compress(b"no " * 1_000)
    assert undone(b"no", "", 10) == undone(b"no", "identity", 10) == b"no"
    assert undone(packed, "gzip", 5) == b"no no"
    assert undone(packed, "gzip", 5_000) == b"no " * 1_000
    assert b"no no".startswith(undone(packed[:-20], "gzip", 5))
    assert undone(b"no", "gzip", 10) == undone(b"no", "br", 10) == b""
