"""From answers to results: decoded once, whoever asks, and as often as it takes."""

import attrs
import pytest

from jmap_async.errors import MethodError, RemoteProtocolError
from jmap_async.planner import Answer, result_of, slices
from jmap_async.protocol.call import Method
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.fields import Malformed
from jmap_async.protocol.messages import MethodResponse
from jmap_async.protocol.standard import GetResponse
from jmap_async.protocol.types import ABSENT, Id


@data_object
@attrs.frozen(kw_only=True)
class Thing(DataObject):
    """An object of a server."""

    id: Id = ABSENT


class Decoder:
    """Decodes to a list of what it was given; `failures` are raised first."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    def __call__(self, wire: object) -> list[object]:
        if self.failures:
            raise self.failures.pop(0)
        return [wire]


def method(*failures: Exception) -> Method:
    """Return a method that is decoded by a Decoder."""
    return Method("Foo/get", capability="urn:x", decode=Decoder(*failures))


def test_an_answer_is_decoded_once() -> None:
    """All who await a call get the same object."""
    answer, described = Answer({"a": 1}), method()
    first = result_of(described, answer)
    assert [{"a": 1}] == first
    assert first is result_of(described, answer)


def test_an_error_is_raised_each_time() -> None:
    """Each who meets it has a copy, without the frames of the others."""
    error = MethodError("Foo/get failed", type="serverFail")
    met: list[MethodError] = []
    lengths: list[int] = []
    for _ in range(3):
        with pytest.raises(MethodError, match="Foo/get failed") as raised:
            result_of(method(), error)
        met.append(raised.value)
        lengths.append(len(raised.traceback))
    assert 1 == len(set(lengths))
    assert 4 == len({id(one) for one in (error, *met)})
    assert error.__traceback__ is None


def test_a_malformed_answer() -> None:
    """The error says which call it was, and holds the piece."""
    described = method(Malformed("a string", 5))
    with pytest.raises(RemoteProtocolError, match="Foo/get is malformed") as raised:
        result_of(described, Answer({"a": 5}))
    assert "5" == raised.value.piece


def test_decoding_that_was_broken_off_begins_anew() -> None:
    """Nothing half done is kept."""
    answer, described = Answer({"a": 1}), method(MemoryError())
    with pytest.raises(MemoryError):
        result_of(described, answer)
    assert [{"a": 1}] == result_of(described, answer)


def test_a_second_response_that_nobody_reads_is_left_out() -> None:
    """Where the method does not say how to decode it."""
    answer = Answer({"a": 1}, MethodResponse("Bar/set", {}, "c0"))
    assert [{"a": 1}] == result_of(method(), answer)


ROWS: list[object] = [{"id": str(number)} for number in range(10)]


def get_method() -> Method:
    """Return a method whose list can be decoded in parts."""
    kind = GetResponse[Thing]
    return Method(
        "Foo/get", capability="urn:x", decode=decoder(kind), decode_list=decoder(list[Thing])
    )


@pytest.mark.parametrize(("size", "pauses"), [(1, 10), (3, 4), (5, 2), (9, 2), (10, 0), (99, 0)])
def test_a_large_answer_is_decoded_in_slices(size: int, pauses: int) -> None:
    """With a pause after each; what comes out is the same, and the answer stays as it came."""
    whole, sliced = Answer({"list": ROWS, "state": "s"}), Answer({"list": ROWS, "state": "s"})
    assert pauses == len(list(slices(get_method(), sliced, size)))
    assert result_of(get_method(), whole) == result_of(get_method(), sliced)
    assert ROWS == sliced.arguments["list"]
    assert not list(slices(get_method(), sliced, size))


def test_slices_that_were_broken_off_leave_nothing() -> None:
    """Whoever comes next decodes it all."""
    answer = Answer({"list": ROWS})
    next(iter(slices(get_method(), answer, 2)))
    assert answer.objects is None
    assert 10 == len(result_of(get_method(), answer).list)


def test_a_malformed_row_costs_itself_alone() -> None:
    """With slices and without."""
    answer = Answer({"list": [*ROWS, 5]})
    for _ in slices(get_method(), answer, 3):
        pass
    assert ROWS == [one.to_wire() for one in result_of(get_method(), answer).list]


@pytest.mark.parametrize("arguments", [{}, {"list": None}, {"list": {}}, {"list": []}])
def test_what_has_no_rows_has_no_slices(arguments: dict[str, object]) -> None:
    """Nor has an error, nor a method that gives no objects."""
    assert not list(slices(get_method(), Answer(arguments), 1))
    assert not list(slices(method(), Answer({"list": ROWS}), 1))
    assert not list(slices(get_method(), MethodError("no", type="serverFail"), 1))
