"""No mail, however broken, gets anything but an answer of JMAP (RFC 8620, 3.6.2)."""

from typing import Any

from hypothesis import example, given, strategies as st

from jmap_async.testing.data_types.email_type import EMAIL
from jmap_async.testing.message.headers import FORMS
from jmap_async.testing.store import Blob
from tests.testing.model import Model

FIELDS = ("Subject", "From", "To", "Date", "Message-ID", "Received", "List-Post", "X-Own")
ALL_FORMS = [
    f"header:X-Own{suffix}{tail}"
    for form in FORMS
    for suffix in ("" if form == "Raw" else f":as{form}",)
    for tail in ("", ":all")
]
PROPERTIES = [*EMAIL.properties, *ALL_FORMS]
PART_PROPERTIES = [
    *("partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language"),
    *("location", "subParts", "headers", *ALL_FORMS),
]
OPTIONS = {"bodyProperties": PART_PROPERTIES, "fetchAllBodyValues": True, "maxBodyValueBytes": 9}

TOKENS = st.sampled_from(
    [
        *("=?utf-8?Q?=C3=BC?=", "=?utf-7?B?K0FBLQ==?=", "=?undefined?q?a?=", "=?", "?=", " ", "\t"),
        *("(", ")", '"', "\\", "<", ">", "@", ",", ":", ";", "a", "x.y", "[", "]", "\r\n ", "\n\t"),
        *("text/", "html", "multipart/mixed", "multipart/digest", "message/rfc822", "boundary=b"),
        *("charset=", "charset*0*=utf-16''%00", "idna", "utf-32", "punycode", "name*=x''%FF"),
        *("filename=", "base64", "quoted-printable", "inline", "attachment", "\0", "\xff", "ü"),
        *(
            "21 Nov 1997 09:55:06 +0000",
            "1 Jan 0001 00:00 +9900",
            "23:59:60",
            "--",
            "--b",
            "=ED=A0",
        ),
        *("<script>", "<!--", "&#xD800;", "\ud7ff", "=\r\n", "%", "=20"),
    ]
)
TEXTS = st.lists(TOKENS, max_size=8).map("".join)
CONTENT = ("Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Content-ID")
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([*FIELDS, *CONTENT, "Content-Language", "Content-Location", "Bcc"]), TEXTS
    ),
    max_size=6,
)
LINES = st.lists(
    st.tuples(st.sampled_from(["", "--b\r\n", "--b--\r\n", "--c\r\n"]), HEADERS, TEXTS), max_size=4
)


def built(pieces: list[tuple[str, list[tuple[str, str]], str]]) -> bytes:
    """Return something like a message with parts."""
    lines: list[str] = []
    for boundary, fields, text in pieces:
        lines += [boundary, *(f"{name}: {value}\r\n" for name, value in fields), "\r\n", text]
    return "".join(lines).encode("utf-8", "replace")


MESSAGES = st.binary(max_size=200) | LINES.map(built) | TEXTS.map(str.encode)


@given(MESSAGES)
@example(b"Date: 1 Jan 0001 00:00 +2359\r\nReceived: x; 1 Jan 0001 00:00 +0100\r\n\r\n")
@example(b"Date: 31 Dec 2016 23:59:60 +0000\r\nReceived: x; 31 Dec 2016 23:59:60 -0000\r\n\r\n")
@example(b"Content-Type: text/html; charset=utf-7\r\n\r\na+2AA-b&#" + b"9" * 5000)
def test_any_bytes_are_mail_that_can_be_read(raw: bytes) -> None:
    """Delivered, imported and parsed; every property, header form, filter and sort order."""
    model = Model()
    account = model.server.world.accounts["A1"]
    blob_id = account.put_blob(raw)
    id = model.server.add_email(message=raw)
    found = model.get_one("Email", id, *PROPERTIES, **OPTIONS)
    assert set(PROPERTIES) == set(found)
    usual = model.get_one("Email", id, "bodyStructure", "bodyValues", fetchTextBodyValues=True)
    assert all(value["value"] is not None for value in usual["bodyValues"].values())
    model.call("Email/parse", blobIds=[blob_id], properties=PROPERTIES, **OPTIONS)
    emails = {"k": {"blobId": blob_id, "mailboxIds": {"P1": True}}}
    model.call("Email/import", emails=emails)
    for name in ("text", "from", "to", "cc", "bcc", "subject", "body"):
        model.query("Email", {name: "x"}, "sentAt", "subject", "from", "to", "size")
    for condition in ({"header": ["x-own", "x"]}, {"hasAttachment": True}):
        model.query("Email", condition)
    model.call("SearchSnippet/get", emailIds=[id], filter={"text": "x"})
    model.call("EmailSubmission/set", create={"s": {"identityId": "I1", "emailId": id}})


def some_of(
    options: dict[str, st.SearchStrategy[Any]], **base: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with a few of the options: the more there are, the sooner one is refused."""
    names = st.lists(st.sampled_from(sorted(options)), max_size=3, unique=True)
    return names.flatmap(
        lambda found: st.fixed_dictionaries({**base, **{name: options[name] for name in found}})
    )


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["email", "name", "addresses", "value", "x"]), inner)
    ),
    max_leaves=4,
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=120) | TEXTS
PART_OPTIONS = {
    **dict.fromkeys(("name", "cid", "location"), WORDS | VALUES),
    **dict.fromkeys(("charset", "disposition", "size"), st.just("x") | VALUES),
    "type": st.sampled_from(["text/x", "A/B", "message/rfc822"]) | TEXTS | VALUES,
    "language": st.lists(TEXTS, max_size=2) | VALUES,
    "more": VALUES,
    "partId": VALUES,
    "header:X-Own": WORDS,
    "header:Content-Type": TEXTS,
    "header:Date:asText": WORDS,
}
LEAVES = some_of(PART_OPTIONS, partId=st.just("1")) | some_of(PART_OPTIONS, blobId=st.just("B"))
PARTS: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: some_of(PART_OPTIONS, subParts=st.lists(inner, max_size=2) | VALUES),
    max_leaves=3,
)
PEOPLE = st.lists(
    st.fixed_dictionaries({"name": st.none() | WORDS, "email": st.just("a@x") | WORDS}), max_size=3
)
BODIES = st.fixed_dictionaries({"1": st.fixed_dictionaries({"value": WORDS})})
GROUPS = st.lists(st.fixed_dictionaries({"name": st.none() | WORDS, "addresses": PEOPLE}))
FORM_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Addresses": PEOPLE,
    "GroupedAddresses": GROUPS,
    "Raw": WORDS,
    "Text": WORDS,
    **dict.fromkeys(("MessageIds", "URLs"), st.lists(st.just("a:b@x") | WORDS, max_size=2)),
    "Date": st.sampled_from(["2026-01-02T03:04:05-00:00", "0001-01-01T00:00:00+05:00"]),
}


def _of_form(property: str) -> st.SearchStrategy[Any]:
    value = FORM_VALUES[property.removesuffix(":all").partition(":as")[2] or "Raw"]
    return st.lists(value, max_size=2) if property.endswith(":all") else value


CREATES = some_of(
    {
        "subject": WORDS | VALUES,
        "sentAt": TEXTS | VALUES,
        **dict.fromkeys(("from", "to", "replyTo"), PEOPLE | VALUES),
        **dict.fromkeys(("messageId", "references"), st.lists(WORDS, max_size=2) | VALUES),
        **dict.fromkeys(("textBody", "htmlBody", "attachments"), st.lists(PARTS, max_size=2)),
        "bodyStructure": PARTS,
        **{name: _of_form(name) | VALUES for name in ALL_FORMS},
    },
    bodyValues=BODIES,
)


@given(CREATES)
@example({"bodyStructure": {"partId": ["1"], "type": 1, "name": {}}})
@example({"header:X-Own:asText:all": [], "subject": "x"})
def test_any_email_is_created_and_read_or_refused(values: dict[str, Any]) -> None:
    """By a SetError that names properties; what is created has no field that nobody gave."""
    model = Model()
    model.server.world.accounts["A1"].blobs["B"] = Blob(b"A: b\r\n\r\n\xfc\0", "message/rfc822")
    create = {"k": {"mailboxIds": {"P1": True}, **values}}
    answer = model.call("Email/set", create=create)
    if answer["created"] is None:
        assert answer["notCreated"]["k"]["type"] in ("invalidProperties", "blobNotFound")
        return
    found = model.get_one("Email", answer["created"]["k"]["id"], *PROPERTIES, **OPTIONS)
    names = {header["name"] for header in found["headers"]}
    usual = {
        "Date",
        "Message-ID",
        "MIME-Version",
        "Subject",
        "From",
        "To",
        "Reply-To",
        "References",
    }
    assert set() == names - usual - {"X-Own"} - {n for n in names if n.startswith("Content-")}
