"""Headers that go with each request: which may be chosen, and who has the last word."""

import pytest
from hypothesis import given, strategies as st

from jmap_async import connect
from jmap_async.errors import LocalProtocolError
from jmap_async.transport.headers import checked_headers, sent_headers


@pytest.mark.parametrize(
    "name",
    [
        *("", "a b", "a:", "\u00c4", "a\r\nb", "X-Ok\n", "Authorization", "AUTHORIZATION", "Host"),
        *("Proxy-Authorization", "content-length", "Content-Type", "Transfer-Encoding", "Range"),
    ],
)
def test_a_header_that_may_not_be_chosen_is_refused(name: str) -> None:
    """At once, and its value is not shown."""
    with pytest.raises(LocalProtocolError, match=r"^headers: ") as caught:
        _ = connect("example.com", auth="t", headers={name: "hidden"})
    assert "hidden" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["hidden\r\nX: 1", "hidden\0", "hidden\x7f", "hidden\ud800", 7])
def test_a_value_with_control_characters_is_refused(value: object) -> None:
    """Unseen."""
    with pytest.raises(LocalProtocolError, match=r"^headers: the value of X-Key") as caught:
        checked_headers({"X-Key": value})  # type: ignore[dict-item]
    assert "hidden" not in str(caught.value)


names = st.sampled_from(["Accept", "accept", "User-Agent", "X-Key", "x-key", "Cookie", "Cache"])
headers = st.dictionaries(names, st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))


@given(headers, headers)
def test_what_was_said_to_the_client_wins(said: dict[str, str], carried: dict[str, str]) -> None:
    """Whatever the spelling; a shared session fills in the rest, and we what is left."""
    given = checked_headers(said)
    sent = sent_headers(given, carried, "ours")
    for name in {*map(str.lower, said), *map(str.lower, carried), "user-agent"}:
        theirs = [value for key, value in carried.items() if key.lower() == name]
        expected = [given[name]] if name in given else [] if name == "cookie" else theirs
        assert (expected or (["ours"] if name == "user-agent" else [])) == sent.getall(name, [])


def test_who_wants_no_user_agent_gets_none() -> None:
    """As a shared session may say."""
    assert {} == dict(sent_headers({}, {}, "ours", {"User-agent"}))
