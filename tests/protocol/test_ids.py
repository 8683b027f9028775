"""Tests of ids as arguments."""

from collections.abc import Callable, Iterable
from typing import cast

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import LocalProtocolError, PropertyNotFetched
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.ids import (
    IdsLike,
    are_plain_ids,
    as_id,
    as_ids,
    check_creation_id,
    check_id,
    check_ids,
    ids_argument,
)
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.types import ABSENT, Id

VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255)
SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@data_object
@attrs.frozen(kw_only=True)
class Thing(DataObject):
    """Something with an id."""

    id: Id = ABSENT
    name: str = ABSENT


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("a", ["a"]),
        ("", [""]),
        (["a", "b", "a"], ["a", "b", "a"]),
        ([], []),
        (("a", Thing(id="b")), ["a", "b"]),
        (Thing(id="c"), ["c"]),
        ({"a": 1, "b": 2}, ["a", "b"]),
        ({"a": 1}.keys(), ["a"]),
        ((text for text in "ab"), ["a", "b"]),
    ],
)
def test_t62_ids_may_be_given_in_many_ways(given_: object, expected: list[str]) -> None:
    """One or many, as strings or as objects; none at all is an empty list, not null."""
    assert expected == as_ids(cast("IdsLike", given_))


def test_an_object_stands_for_its_id() -> None:
    """Where it was fetched."""
    assert "a" == as_id("a") == as_id(Thing(id="a"))
    with pytest.raises(PropertyNotFetched, match="without 'id'"):
        as_id(Thing(name="x"))


def test_references_stay_what_they_are() -> None:
    """A single creation reference is one id."""
    result: ResultReference[list[str]] = ResultReference(None, "/ids")
    creation = CreationReference(None, "k")
    assert result is ids_argument(result)
    assert [creation] == ids_argument(creation)
    assert ids_argument(None) is None
    assert ["a"] == ids_argument("a")


@given(VISIBLE)
def test_t171_any_visible_text_may_be_an_id(text: str) -> None:
    """Deployed servers have ids that RFC 8620, 1.2 does not allow."""
    check_id(text)


@given(VISIBLE, st.sampled_from(["", " ", "\n", "\x7f", "ü", "\u2028", "\ud800"]), VISIBLE)
def test_t171_what_can_be_no_id_is_refused(before: str, odd: str, after: str) -> None:
    """The error says what an id looks like."""
    wrong = before + odd + after if odd else (before + after)[:1] * 256
    with pytest.raises(LocalProtocolError, match="is no id: an id has 1 to 255 visible ASCII"):
        check_id(wrong)


@given(st.lists(VISIBLE | st.text(max_size=3), max_size=4))
def test_many_ids_are_checked_as_one(many: list[str]) -> None:
    """With the same outcome."""

    def outcome(check: Callable[[], object]) -> str:
        try:
            check()
        except LocalProtocolError as error:
            return str(error)
        return "fine"

    assert outcome(lambda: [*map(check_id, many)]) == outcome(lambda: check_ids(many))
    assert outcome(lambda: check_ids(many)) == outcome(lambda: check_ids(dict.fromkeys(many)))


@pytest.mark.parametrize("wrong", ["", "a\nb", "\n", "a ", "x" * 256, 5, None])
def test_the_wrong_one_among_many_is_named(wrong: object) -> None:
    """Wherever it stands; references to creations are fine."""
    creation = CreationReference(None, "k")
    for others in ([], ["a"], ["a", creation], ["a"] * 1000):
        check_ids(others)
        for many in ([wrong, *others], [*others, wrong]):
            with pytest.raises(LocalProtocolError, match="is no id: "):
                check_ids(many)


@pytest.mark.parametrize("value", ["", "a\n", "a b", None, 5, b"a", Thing(id="a")])
def test_only_strings_are_ids(value: object) -> None:
    """An empty one, or one with white space, is none."""
    with pytest.raises(LocalProtocolError, match="is no account id"):
        check_id(value, "account id")
    with pytest.raises(LocalProtocolError, match="is no creation id"):
        check_creation_id(value)


def test_the_error_is_short() -> None:
    """However long the text was."""
    for check in (check_id, check_creation_id):
        with pytest.raises(LocalProtocolError) as caught:
            check("x" * 100_000)
        assert len(str(caught.value)) < 250


@given(st.text(SAFE, min_size=1, max_size=255), st.sampled_from("#.@ /+=~$ü"))
def test_t56_creation_ids_are_of_few_characters(good: str, odd: str) -> None:
    """A-Z a-z 0-9 - _, without the "#"."""
    check_creation_id(good)
    for wrong in (odd + good, good + odd, odd):
        with pytest.raises(LocalProtocolError, match="use 1 to 255 of A-Z a-z 0-9 - _"):
            check_creation_id(wrong)


def test_objects_are_no_collections_of_ids() -> None:
    """Their wire names can be looked up, but there is nothing to iterate over."""
    assert not isinstance(Thing(id="a"), Iterable)


ODD = ["", "a#", "#k", "two words", "a\n", "ü", "\x7f", "x" * 256, " " * 300, 5, None]


@given(st.lists(VISIBLE | st.sampled_from(ODD)))
def test_plain_ids_can_be_sent_and_name_no_creation(values: list[object]) -> None:
    """Just those that pass the check, if there are any, and have no "#" in them."""
    try:
        check_ids(values)
        good = True
    except LocalProtocolError:
        good = False
    plain = good and bool(values) and not any("#" in str(one) for one in values)
    assert plain == are_plain_ids(values)


@pytest.mark.parametrize("value", [5, [5], b"M1", object()])
def test_what_has_no_id_is_refused(value: object) -> None:
    """The error says what may be given."""
    with pytest.raises(LocalProtocolError, match="is no id: use one that the server gave"):
        ids_argument(cast("str", value))
