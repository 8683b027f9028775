"""Finding Emails on a Cyrus server: filters, sorts, paging, changes of results, snippets."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

import pytest

from jmap_async.capabilities.mail.email_query import EmailFilter, EmailSorting
from jmap_async.client import Client
from jmap_async.errors import (
    AnchorNotFound,
    InvalidArguments,
    LocalProtocolError,
    TooManyChanges,
    UnsupportedFilter,
    UnsupportedSort,
)
from jmap_async.protocol.filters import Comparator, FilterOperator

from .cyrus import Cyrus, User
from .letter import letter
from .mail import counting, create, mailbox_id, put

DAYS: Final = MappingProxyType({
    "first": datetime(2025, 1, 1, tzinfo=UTC),
    "second": datetime(2025, 1, 2, tzinfo=UTC),
    "third": datetime(2025, 1, 3, tzinfo=UTC),
})  # fmt: skip


async def three(client: Client) -> Mapping[str, str]:
    """Import three messages that differ in everything and return their ids by their subjects."""
    first = letter("first", text="apples", from_="carl@example.net", to="zoe@example.org")
    second = letter(
        "second",
        text="pears " * 100,
        from_="bert@example.net",
        headers={"Cc": "chris@example.org", "Bcc": "hidden@example.org", "X-Ticket": "42"},
    )
    third = letter("third", text="plums " * 1000, from_="anna@example.net", to="yve@example.org")
    found: dict[str, str] = {}
    for subject, message in {"first": first, "second": second, "third": third}.items():
        keywords = {"first": ["$seen"], "second": ["$flagged", "$seen"], "third": []}[subject]
        [new] = await put(client, message, keywords=keywords, received_at=DAYS[subject])
        found[subject] = new.id
    return found


async def subjects(
    client: Client, filter: EmailFilter | FilterOperator[EmailFilter] | Mapping[str, object] | None
) -> list[str]:
    """Return the subjects of the Emails that a filter finds, oldest first, in one POST."""
    query = client.email.query(filter, sort="receivedAt")
    emails = await client.email.get(query.ids, properties=["subject"])
    return [email.subject or "" for email in emails.list]


async def test_conditions_find_what_they_should(client: Client) -> None:
    """Every condition on dates, sizes, keywords, mailboxes and header fields is understood."""
    await three(client)
    inbox, archive = await mailbox_id(client), await mailbox_id(client, "archive")
    expected: list[tuple[EmailFilter, list[str]]] = [
        (EmailFilter(), ["first", "second", "third"]),
        (EmailFilter(in_mailbox=inbox), ["first", "second", "third"]),
        (EmailFilter(in_mailbox=archive), []),
        (EmailFilter(in_mailbox_other_than=[inbox]), []),
        (EmailFilter(in_mailbox_other_than=[archive]), ["first", "second", "third"]),
        (EmailFilter(min_size=3000), ["third"]),
        (EmailFilter(max_size=3000), ["first", "second"]),
        (EmailFilter(has_keyword="$seen"), ["first", "second"]),
        (EmailFilter(not_keyword="$seen"), ["third"]),
        (EmailFilter(has_keyword="$Flagged"), ["second"]),
        (EmailFilter(all_in_thread_have_keyword="$seen"), ["first", "second"]),
        (EmailFilter(some_in_thread_have_keyword="$flagged"), ["second"]),
        (EmailFilter(none_in_thread_have_keyword="$flagged"), ["first", "third"]),
        (EmailFilter(has_attachment=True), []),
        (EmailFilter(has_attachment=False), ["first", "second", "third"]),
        (EmailFilter(header="X-Ticket"), ["second"]),
        (EmailFilter(header=["X-Ticket", "42"]), ["second"]),
        (EmailFilter(header=["X-Ticket", "43"]), []),
    ]
    found = await asyncio.gather(*(subjects(client, one) for one, _ in expected))
    assert [subjects for _, subjects in expected] == found


async def test_texts_are_searched(client: Client, cyrus: Cyrus, user: User) -> None:
    """Every condition on texts is understood, once Cyrus has indexed the messages."""
    await three(client)
    await cyrus.index(user)
    expected: list[tuple[EmailFilter, list[str]]] = [
        (EmailFilter(text="pears"), ["second"]),
        (EmailFilter(text="chris"), ["second"]),
        (EmailFilter(from_="anna"), ["third"]),
        (EmailFilter(to="zoe"), ["first"]),
        (EmailFilter(cc="chris"), ["second"]),
        (EmailFilter(bcc="hidden"), ["second"]),
        (EmailFilter(subject="third"), ["third"]),
        (EmailFilter(body="apples"), ["first"]),
        (EmailFilter(body="first"), []),
    ]
    found = await asyncio.gather(*(subjects(client, one) for one, _ in expected))
    assert [subjects for _, subjects in expected] == found


async def test_t89_after_is_inclusive(client: Client) -> None:
    """Emails are found from `after` on; up to `before`, which Cyrus takes for inclusive, too."""
    await three(client)
    day, second = DAYS["second"], timedelta(seconds=1)
    assert ["second", "third"] == await subjects(client, EmailFilter(after=day))
    assert ["third"] == await subjects(client, EmailFilter(after=day + second))
    assert ["first"] == await subjects(client, EmailFilter(before=day - second))


async def test_t87_conditions_are_combined(client: Client) -> None:
    """Conditions combine with and, or and not; a wire mapping says the same."""
    await three(client)
    seen, flagged = EmailFilter(has_keyword="$seen"), EmailFilter(has_keyword="$flagged")
    assert ["second"] == await subjects(client, seen & flagged)
    assert ["first"] == await subjects(client, seen & ~flagged)
    assert ["second", "third"] == await subjects(client, flagged | ~seen)
    neither = FilterOperator[EmailFilter]("NOT", [seen, flagged])
    assert ["third"] == await subjects(client, neither)
    wire = {"operator": "AND", "conditions": [{"hasKeyword": "$seen"}, {"maxSize": 700}]}
    assert ["first"] == await subjects(client, wire)


async def test_t86_t92_results_are_sorted(client: Client) -> None:
    """Every sort order that Cyrus knows is understood, in both directions and several at once."""
    known = await three(client)
    flagged = Comparator("hasKeyword", keyword="$flagged")
    in_thread = Comparator("someInThreadHaveKeyword", is_ascending=False, keyword="$flagged")
    expected: list[tuple[list[EmailSorting], list[str]]] = [
        (["receivedAt"], ["first", "second", "third"]),
        (["-receivedAt"], ["third", "second", "first"]),
        (["-size"], ["third", "second", "first"]),
        (["from"], ["third", "second", "first"]),
        (["-subject"], ["third", "second", "first"]),
        (["sentAt", "-receivedAt"], ["third", "second", "first"]),
        ([flagged, "receivedAt"], ["first", "third", "second"]),
        ([in_thread, "from"], ["second", "third", "first"]),
        ([{"property": "to", "isAscending": False}, "from"], ["first", "third", "second"]),
    ]
    found = await asyncio.gather(*(client.email.query(sort=sort) for sort, _ in expected))
    names = {email_id: subject for subject, email_id in known.items()}
    assert [subjects for _, subjects in expected] == [
        [names[email_id] for email_id in answer.ids] for answer in found
    ]


async def test_unsupported_sort_and_filter_are_errors_of_their_own(client: Client) -> None:
    """Cyrus refuses a sort that it lacks, and threads by keywords that it does not count."""
    with pytest.raises(UnsupportedSort, match="Email/query"):
        await client.email.query(sort=Comparator("allInThreadHaveKeyword", keyword="$seen"))
    with pytest.raises(UnsupportedFilter, match="someInThreadHaveKeyword"):
        await client.email.query(EmailFilter(some_in_thread_have_keyword="other"))
    with pytest.raises(InvalidArguments, match="inMailbox"):
        await client.email.query(EmailFilter(in_mailbox="nowhere"))


async def test_t92_keyword_sort_without_its_keyword_is_not_sent(client: Client) -> None:
    """What the server would refuse is refused before anything is sent."""
    with counting(client) as sent, pytest.raises(LocalProtocolError, match="keyword"):
        await client.email.query(sort=Comparator("hasKeyword"))
    assert 0 == sent.posts


async def test_t83_pages_by_position(client: Client) -> None:
    """A position and a limit give a part; a negative one counts from the end, resolved."""
    ids = await create(client, *"abcde")
    everything = (await client.email.query(sort="subject")).ids
    assert ids == everything
    page = await client.email.query(sort="subject", position=1, limit=2, calculate_total=True)
    assert (ids[1:3], 1, 5) == (page.ids, page.position, page.total)
    last = await client.email.query(sort="subject", position=-2)
    assert (ids[3:], 3) == (last.ids, last.position)
    beyond = await client.email.query(sort="subject", position=10)
    assert [] == beyond.ids


async def test_t84_pages_by_anchor(client: Client) -> None:
    """An anchor and an offset give the part behind or before it; one that is gone is an error."""
    ids = await create(client, *"abcde")
    behind = await client.email.query(sort="subject", anchor=ids[1], anchor_offset=1, limit=2)
    assert (ids[2:4], 2) == (behind.ids, behind.position)
    around = await client.email.query(sort="subject", anchor=ids[2], anchor_offset=-1, limit=3)
    assert (ids[1:4], 1) == (around.ids, around.position)
    with pytest.raises(AnchorNotFound):
        await client.email.query(sort="subject", anchor="M0123")


async def test_anchor_can_be_the_result_of_a_call_in_the_same_post(client: Client) -> None:
    """Two pages come in one POST when the second refers to the end of the first."""
    ids = await create(client, *"abcd")
    first = client.email.query(sort="subject", limit=2)
    second = client.email.query(sort="subject", anchor=first.ref("/ids/1"), anchor_offset=1)
    with counting(client) as sent:
        rest = (await second).ids
    assert (1, ids[2:]) == (sent.posts, rest)


async def test_t94_threads_are_collapsed(client: Client) -> None:
    """With `collapse_threads` one Email of each thread is found and counted."""
    question = letter("Lunch?", headers={"Message-ID": "<collapse@example.net>"})
    [first] = await put(client, question, received_at=DAYS["first"])
    answer = letter("Re: Lunch?", headers={"In-Reply-To": "<collapse@example.net>"})
    [second] = await put(client, answer, received_at=DAYS["second"])
    [other] = await put(client, letter("Another"), received_at=DAYS["third"])
    newest = await client.email.query(
        sort="-receivedAt", collapse_threads=True, calculate_total=True
    )
    assert ([other.id, second.id], 2) == (newest.ids, newest.total)
    oldest = await client.email.query(sort="receivedAt", collapse_threads=True)
    assert [first.id, other.id] == oldest.ids


async def test_t79_changes_of_results_lead_to_the_new_results(client: Client) -> None:
    """Removed ids taken out and added ones put in, in this order, give what a new query gives."""
    kept, gone = await create(client, "a", "b")
    arguments = EmailFilter(in_mailbox=await mailbox_id(client))
    before = await client.email.query(arguments, sort="subject")
    assert before.can_calculate_changes
    await client.email.set(destroy=gone)
    [new] = await create(client, "A first one")
    delta = await client.email.query_changes(
        before.query_state, filter=arguments, sort="subject", calculate_total=True
    )
    ids = [one for one in before.ids if one not in delta.removed]
    for item in sorted(delta.added, key=lambda item: item.index):
        ids.insert(item.index, item.id)
    after = await client.email.query(arguments, sort="subject")
    assert (after.ids, after.query_state, 2) == (ids, delta.new_query_state, delta.total)
    assert {kept, new} == set(ids)


async def test_t51_added_emails_are_fetched_in_the_same_post(client: Client) -> None:
    """The ids of the added entries feed a get by reference."""
    before = await client.email.query(sort="subject")
    [new] = await create(client, "Hello")
    delta = client.email.query_changes(before.query_state, sort="subject")
    emails = client.email.get(delta.added_ids, properties=["subject"])
    with counting(client) as sent:
        fetched = (await emails).list
    assert (1, [(new, "Hello")]) == (sent.posts, [(one.id, one.subject) for one in fetched])


async def test_t81_too_many_changes_of_results(client: Client) -> None:
    """A delta that is larger than `max_changes` is an error of its own."""
    before = await client.email.query(sort="subject")
    await create(client, "one", "two")
    with pytest.raises(TooManyChanges):
        await client.email.query_changes(before.query_state, sort="subject", max_changes=1)


async def test_t78_results_by_thread_keywords_cannot_be_compared(client: Client) -> None:
    """Whether changes can be told is in the response: for keywords of threads Cyrus cannot."""
    found = await client.email.query(EmailFilter(some_in_thread_have_keyword="$seen"))
    assert not found.can_calculate_changes


async def test_t135_snippets_mark_what_matched(client: Client, cyrus: Cyrus, user: User) -> None:
    """A search and its snippets go in one POST; what does not match has none."""
    known = await three(client)
    await cyrus.index(user)
    filter = EmailFilter(text="apples")
    query = client.email.query(filter)
    with counting(client) as sent:
        snippets = await client.search_snippet.get(query.ids, filter=filter)
    assert 1 == sent.posts
    [snippet] = snippets.list
    assert known["first"] == snippet.email_id
    assert "<mark>apples</mark>" in (snippet.preview or "")
    assert snippet.subject is None
    unmatched = await client.search_snippet.get([known["second"], "M0123"], filter=filter)
    assert [(None, None)] == [(one.subject, one.preview) for one in unmatched.list]
    assert ["M0123"] == unmatched.not_found
