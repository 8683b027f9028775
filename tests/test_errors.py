"""Tests of the exceptions."""

import copy
import pickle
import re
from collections.abc import Iterator

import attrs
import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async import errors
from jmap_async.errors import (
    METHOD_ERRORS,
    REQUEST_ERRORS,
    HTTPError,
    JMAPError,
    MethodError,
    PropertyNotFetched,
    RemoteProtocolError,
    RequestError,
    SetError,
    SetFailed,
    TransportError,
    brief,
    shorten,
)

REGISTERED = [
    "serverUnavailable",
    "serverFail",
    "serverPartialFail",
    "unknownMethod",
    "invalidArguments",
    "invalidResultReference",
    "forbidden",
    "accountNotFound",
    "accountNotSupportedByMethod",
    "accountReadOnly",
    "requestTooLarge",
    "cannotCalculateChanges",
    "stateMismatch",
    "fromAccountNotFound",
    "fromAccountNotSupportedByMethod",
    "anchorNotFound",
    "unsupportedSort",
    "unsupportedFilter",
    "tooManyChanges",
    "unknownDataType",
]
"""Error types of methods in the registry "JMAP Error Codes"."""

SAMPLES = {
    "arguments": {"type": "x", "more": [1]},
    "body": "<html>",
    "call_id": "c0",
    "description": "no",
    "detail": "why",
    "errors": {"k": SetError(type="forbidden")},
    "limit": "maxCallsInRequest",
    "method": "Email/get",
    "outcome": "not_sent",
    "piece": {"list": 1},
    "retry_after": 1.5,
    "status": 418,
    "type": "x",
}


def subclasses(kind: type[JMAPError]) -> Iterator[type[JMAPError]]:
    """Yield a class and all that inherit from it."""
    yield kind
    for one in kind.__subclasses__():
        yield from subclasses(one)


ALL = sorted(
    {kind for kind in subclasses(JMAPError) if kind.__module__ == errors.__name__},
    key=lambda kind: kind.__name__,
)


def sample(kind: type[JMAPError]) -> JMAPError:
    """Return an exception with a cause, notes, and a value for each attribute."""
    names = getattr(kind.__init__, "__kwdefaults__", None) or ()
    error = kind("it failed", **{name: SAMPLES[name] for name in names})
    error.__cause__ = KeyError("root")
    error.add_note("first")
    error.add_note("second")
    return error


def drawn() -> dict[str, str]:
    """Return the class above each class, as the module's docstring draws the tree."""
    above: dict[str, str] = {}
    open_: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ((?:│   |    )*)(?:[├└]── )?([A-Z]\w+)", line)
        if match:
            depth = len(match[1]) // 4 + ("──" in line)
            del open_[depth:]
            above |= {match[2]: open_[-1]} if open_ else {}
            open_.append(match[2])
    return above


def test_the_hierarchy_is_as_drawn() -> None:
    """The tree in the docstring has every class, each below its base."""
    registered = {kind for kind in METHOD_ERRORS.values() if kind is not MethodError}
    actual = {
        kind.__name__: next(base.__name__ for base in kind.__bases__)
        for kind in ALL
        if kind is not JMAPError and kind not in registered
    }
    assert drawn() == actual
    assert {MethodError} == {base for kind in registered for base in kind.__bases__}


@pytest.mark.parametrize("code", REGISTERED)
def test_each_registered_method_error_has_a_class(code: str) -> None:
    """It has the name of the type, with a capital letter."""
    assert code[0].upper() + code[1:] == METHOD_ERRORS[code].__name__


def test_no_method_error_is_invented() -> None:
    """All that is not registered is the name of an old server for a registered type."""
    assert {"resultReference"} == set(METHOD_ERRORS) - set(REGISTERED)


def test_request_errors_have_classes() -> None:
    """The four types that RFC 8620 defines, without their prefix."""
    expected = {"unknownCapability", "notJSON", "notRequest", "limit"}
    assert expected == set(REQUEST_ERRORS)
    assert all(issubclass(kind, RequestError) for kind in REQUEST_ERRORS.values())


@pytest.mark.parametrize("kind", ALL)
def test_a_copy_for_a_caller_is_equal_and_its_own(kind: type[JMAPError]) -> None:
    """It keeps class, message, attributes, cause and notes; a note for one is not for all."""
    error = sample(kind)

    duplicate = error.for_caller()
    duplicate.add_note("third")

    assert kind is type(duplicate)
    assert error is not duplicate
    assert error.args == duplicate.args
    assert error.__cause__ is duplicate.__cause__
    assert ["first", "second"] == error.__notes__
    assert ["first", "second", "third"] == duplicate.__notes__
    assert attributes(error) == attributes(duplicate)


def attributes(error: BaseException) -> dict[str, object]:
    """Return what an exception holds besides its notes."""
    return {name: value for name, value in vars(error).items() if name != "__notes__"}


def test_a_copy_for_a_caller_has_no_cause_where_there_is_none() -> None:
    """What it was raised in the handling of is shown, unless the original hides it."""
    assert not JMAPError("x").for_caller().__suppress_context__
    hidden = JMAPError("x")
    hidden.__suppress_context__ = True
    assert hidden.for_caller().__suppress_context__


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_errors_survive_pickle(kind: type[JMAPError], protocol: int) -> None:
    """Errors travel between processes, with all that they say."""
    error = sample(kind)
    loaded = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own
    assert kind is type(loaded)
    assert str(error) == str(loaded)
    assert vars(error) == vars(loaded)


@pytest.mark.parametrize("kind", ALL)
def test_a_message_is_enough(kind: type[JMAPError]) -> None:
    """Every attribute has a default, so that tests of users can make any error."""
    assert "it failed" == str(kind("it failed"))
    assert "it failed" == str(copy.copy(kind("it failed")))


def test_defaults_are_cautious() -> None:
    """Where nobody knows better a request may have been carried out."""
    assert "unknown" == TransportError().outcome
    assert "unknown" == HTTPError().outcome
    assert ("about:blank", None) == (RequestError().type, RequestError().limit)
    assert ({}, {}) == (MethodError().arguments, SetFailed().errors)


def test_a_property_that_is_not_there_is_an_attribute_that_is_not_there() -> None:
    """So getattr() with a default and hasattr() work."""
    assert issubclass(PropertyNotFetched, AttributeError)


def test_bodies_are_shortened() -> None:
    """An error does not keep a whole page, and says how long it was."""
    error = HTTPError("no", body="x" * 5_000)
    assert error.body.startswith("xxx")
    assert error.body.endswith("(5000 characters)")
    assert len(error.body) < 400


@given(st.text(max_size=50), st.integers(1, 60))
def test_shorten_leaves_short_texts_alone(text: str, limit: int) -> None:
    """What fits is unchanged; of the rest the beginning stays."""
    if len(text) <= limit:
        assert text == shorten(text, limit)
    else:
        assert f"{text[:limit]}... ({len(text)} characters)" == shorten(text, limit)


DEEP = orjson.loads(b"[" * 1_000 + b"]" * 1_000)

LONG = st.text(max_size=5).map(lambda text: text * 100)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LONG,
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(LONG, inner, max_size=9),
)


@given(JSON | st.binary() | st.just(DEEP) | st.just([DEEP] * 100) | st.just({"x" * 9_999: DEEP}))
def test_a_piece_of_any_size_and_depth_is_described_briefly(piece: object) -> None:
    """What the server sent can neither flood a message nor exhaust the stack."""
    assert len(brief(piece)) < 350
    assert len(RemoteProtocolError("no", piece=piece).piece) < 350


def test_short_pieces_are_whole() -> None:
    """Texts stay as they are, all else is shown as Python shows it."""
    assert "<html>" == RemoteProtocolError("no", piece="<html>").piece
    assert "{'list': [1, None]}" == RemoteProtocolError("no", piece={"list": [1, None]}).piece


def test_t108_a_set_error_says_what_it_knows() -> None:
    """Its text has type, properties and description, as far as there are any."""
    assert "forbidden" == str(SetError(type="forbidden"))
    error = SetError(type="invalidProperties", properties=["a", "b"], description="too long")
    assert "invalidProperties a, b: too long" == str(error)


def test_a_set_error_is_a_value() -> None:
    """It can be compared and copied, not changed or raised."""
    error = SetError(type="tooLarge", max_size=3, extra={"hint": 1})
    assert error == copy.deepcopy(error)
    assert not isinstance(error, BaseException)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        error.type = "x"  # type: ignore[misc]
