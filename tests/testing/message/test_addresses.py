"""Tests of address lists."""

from unicodedata import normalize

import pytest
from hypothesis import example, given, strategies as st

from jmap_async.testing.message import addresses

Group = tuple[str | None, list[tuple[str | None, str]]]


def read(value: str) -> list[Group]:
    """Return groups as pairs."""
    return [
        (group["name"], [(address["name"], address["email"]) for address in group["addresses"]])
        for group in addresses.read_groups(value)
    ]


LISTS: list[tuple[str, list[Group]]] = [
    ("a@x", [(None, [(None, "a@x")])]),
    (" Jo Doe <a@x> ", [(None, [("Jo Doe", "a@x")])]),
    ("A: a@x, B <b@x>;, c@x", [("A", [(None, "a@x"), ("B", "b@x")]), (None, [(None, "c@x")])]),
    ("a@x, G: b@x;", [(None, [(None, "a@x")]), ("G", [(None, "b@x")])]),
    ("G: a@x, b@x", [("G", [(None, "a@x"), (None, "b@x")])]),
    ("Empty:;", [("Empty", [])]),
    ("A:;B:b@x;", [("A", []), ("B", [(None, "b@x")])]),
    (r'"My \"group\"": a@x;', [('My "group"', [(None, "a@x")])]),
    ("a@x; b@x", [(None, [(None, "a@x"), (None, "b@x")])]),
    ("", []),
    (" , ,", []),
    ("a@x,, ,b@x,", [(None, [(None, "a@x"), (None, "b@x")])]),
    # The example of RFC 8621, 4.1.2.4.
    (
        (
            '"  James Smythe" <james@example.com>, Friends:\r\n jane@example.com,'
            " =?UTF-8?Q?John_Sm=C3=AEth?=\r\n <john@example.com>;"
        ),
        [
            (None, [("James Smythe", "james@example.com")]),
            ("Friends", [(None, "jane@example.com"), ("John Smîth", "john@example.com")]),
        ],
    ),
    # RFC 5322, A.1.2, A.5 and A.6.1.
    (
        'Joe Q. Public <j@x>, <boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
        [
            (
                None,
                [
                    ("Joe Q. Public", "j@x"),
                    (None, "boss@nil.test"),
                    ('Giant; "Big" Box', "sysservices@example.net"),
                ],
            )
        ],
    ),
    (
        r"Pete(A nice \) chap) <pete(his account)@silly.test(his host)>",
        [(None, [("Pete", "pete@silly.test")])],
    ),
    (
        (
            "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
            "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end)"
        ),
        [
            (
                "A Group",
                [
                    ("Chris Jones", "c@public.example"),
                    (None, "joe@example.org"),
                    ("John", "jdoe@one.test"),
                ],
            )
        ],
    ),
    (
        "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
        [("Hidden recipients", [])],
    ),
    (
        "Mary Smith <@node.test,@x.y:mary@example.net>, , jdoe@test   . example",
        [(None, [("Mary Smith", "mary@example.net"), (None, "jdoe@test.example")])],
    ),
    # Names.
    ('"a:b, c;" <a@x>', [(None, [("a:b, c;", "a@x")])]),
    (r'"q\"u" <a@x>', [(None, [('q"u', "a@x")])]),
    ('"two  spaces\r\n  and a fold " <a@x>', [(None, [("two  spaces  and a fold", "a@x")])]),
    ('Jo   "J."\tDoe <a@x>', [(None, [("Jo J. Doe", "a@x")])]),
    ('"" <a@x>', [(None, [(None, "a@x")])]),
    ("Jörg <j@ü.example>", [(None, [("Jörg", "j@ü.example")])]),
    # Comments that are names, and those that are not.
    ("b@y (Bob)", [(None, [("Bob", "b@y")])]),
    (r"a@x (deep, (nested) \) still)", [(None, [("deep, (nested) ) still", "a@x")])]),
    ("<b@y> (Bob)", [(None, [(None, "b@y")])]),
    ("<b@y(Bob)>", [(None, [("Bob", "b@y")])]),
    ("b@y (=?utf-8?q?B=C3=B6b?=) (2)", [(None, [("Böb", "b@y")])]),
    ("(Bob) b@y", [(None, [(None, "b@y")])]),
    ("Al (c) <a@x> (d)", [(None, [("Al", "a@x")])]),
    ("(no address)", []),
    ("Jo(c)Doe (d) X <a@x>", [(None, [("Jo Doe X", "a@x")])]),
    # Encoded words.
    ("=?utf-8?q?J=C3=B6rg?= <j@x>", [(None, [("Jörg", "j@x")])]),
    ("=?utf-8?q?a?= =?utf-8?q?b?= c <j@x>", [(None, [("ab c", "j@x")])]),
    ("=?utf-8?q?a?= (x) =?utf-8?q?b?= <j@x>", [(None, [("a b", "j@x")])]),
    ("=?utf-8?q?Doe,_J.?= <j@x>", [(None, [("Doe, J.", "j@x")])]),
    ("=?utf-8?q?_a=00=07?= <j@x>", [(None, [(" a", "j@x")])]),
    ('"=?utf-8?q?a?=" <j@x>', [(None, [("=?utf-8?q?a?=", "j@x")])]),
    ("=?utf-8?q?a?=<j@x>", [(None, [("=?utf-8?q?a?=", "j@x")])]),
    ("x=?utf-8?q?a?= <j@x>", [(None, [("x=?utf-8?q?a?=", "j@x")])]),
    ("=?utf-8?q?a?=@x", [(None, [(None, "=?utf-8?q?a?=@x")])]),
    ("<=?utf-8?q?a?=@x>", [(None, [(None, "=?utf-8?q?a?=@x")])]),
    ("=?utf-8?q?G=C3=BC?= : a@x;", [("Gü", [(None, "a@x")])]),
    ("=?utf-8?q?u?= =?utf-8?q?=CC=88?= <a@x>", [(None, [("ü", "a@x")])]),
    # Addresses.
    ('"a b"@x, <"c,d" . e @ [1.2]>', [(None, [(None, '"a b"@x'), (None, '"c,d".e@[1.2]')])]),
    ("a . b @ c . d (x)", [(None, [("x", "a.b@c.d")])]),
    # What breaks the rules.
    ("Jo Doe jo@x", [(None, [(None, "Jo Doe jo@x")])]),
    ("Jo <jo@x> Al <al@x> <b@y> c", [(None, [("Jo", "jo@x"), ("Al", "al@x"), (None, "b@y")])]),
    ("Jo <jo@x", [(None, [("Jo", "jo@x")])]),
    ("Jo <jo@x, b@y", [(None, [("Jo", "jo@x"), (None, "b@y")])]),
    ('Jo "D <jo@x>', [(None, [('Jo "D', "jo@x")])]),
    ("Jo (D <jo@x>", [(None, [("Jo (D", "jo@x")])]),
    ("Jo <>", [(None, [("Jo", "")])]),
    ("<>", [(None, [(None, "")])]),
    ("nobody at all", [(None, [(None, "nobody at all")])]),
    ("=?utf-8?q?n=C3=B6?= one", [(None, [(None, "nö one")])]),
    (": a@x;", [("", [(None, "a@x")])]),
]


@pytest.mark.parametrize(("value", "expected"), LISTS)
def test_lists(value: str, expected: list[Group]) -> None:
    """Consecutive addresses outside of groups share a null group; the best is made of the rest."""
    assert expected == read(value)


@given(st.text('aZ.@<>()[],:;\\" \t=?é', max_size=60) | st.text(max_size=30))
@example("=?utf-8?q?a@b?=")
def test_any_value_is_some_list(value: str) -> None:
    """Nothing is raised; the quick way and the long way agree."""
    assert read(value) == read(f"{value}\t")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *dict.fromkeys(["a@x", '"a b"@x', "a@[1.2]", "ü@ü.example", "a.b+c@x"], True).items(),
        *dict.fromkeys(
            ["", "a", "@", "a@", "@x", "a@b@c", "a b@x", "<a@x>", "a@x,"], False
        ).items(),
        *dict.fromkeys(["a(c)@x", '"a@x', "a@x\r\n", "a\0@x"], False).items(),
    ],
)
def test_what_is_an_address(text: str, expected: bool) -> None:  # noqa: FBT001
    """One "@" outside of quotes, something on both sides of it, and nothing else."""
    assert expected == addresses.is_addr_spec(text)


@pytest.mark.parametrize("unit", ["<", "<a> ", "a<b", "(", '"', "a,", "a:", ":;", "@", "<>", "=? "])
def test_long_lists_take_no_longer(unit: str) -> None:
    """Twenty thousand of anything are read in no time."""
    assert isinstance(addresses.read_groups(unit * 20_000), list)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=120)
EMAILS = st.sampled_from(
    [
        "a@x",
        "a.b+c@x.example",
        '"a b"@x',
        "ü@ü.example",
        "a@[1.2.3.4]",
        "nobody",
        "no body",
        "",
        "=?@x",
    ]
)
PEOPLE = st.tuples(NAMES, EMAILS) | st.tuples(st.just(""), EMAILS)


@given(st.lists(st.tuples(st.none() | NAMES, st.lists(PEOPLE, max_size=3)), max_size=4))
@example([(" a ", [("=?utf-8?q?a?=", "a@x"), ("  b", "a@x"), ('"\\', "a@x"), ("u\u0308", "a@x")])])
@example([("", [])])
def test_what_is_written_is_read(groups: list[tuple[str | None, list[tuple[str, str]]]]) -> None:
    """Names, addresses and groups of all kinds; names in NFC."""
    pieces = addresses.write(groups)
    written = " ".join(pieces)
    assert _canonical(groups) == read(written)
    assert read(written) == read("\r\n ".join(pieces))
    assert all(len(piece) <= 75 or "@" in piece or '"' in piece for piece in pieces)


def _canonical(groups: list[tuple[str | None, list[tuple[str, str]]]]) -> list[Group]:
    """Return what the form makes of groups: neighbours without a name are one."""
    found: list[Group] = []
    for name, people in groups:
        members = [(normalize("NFC", n) or None, email) for n, email in people]
        if name is not None:
            found.append((normalize("NFC", name), members))
        elif members and found and found[-1][0] is None:
            found[-1][1].extend(members)
        elif members:
            found.append((None, members))
    return found


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("a\r\nBcc: b", "a@x"),
        ("a\0", "a@x"),
        ("tab\t", "a@x"),
        ("c1\x85", "a@x"),
        ("", "a@x\r\nBcc: b@x"),
        ("", "a@x, b@x"),
        ("", "a@x>"),
        ("", "<a@x"),
        ("", "a (c) @x"),
        ("", 'a"@x'),
        ("", "a(@x"),
        ("", " a@x"),
        ("", "a  b"),
        ("", "@a:b@x"),
    ],
)
def test_what_would_not_be_read_again_is_refused(name: str, email: str) -> None:
    """Controls, and addresses that mean something else in their place."""
    with pytest.raises(ValueError):
        addresses.write([(None, [("", "b@x"), (name, email)])])
