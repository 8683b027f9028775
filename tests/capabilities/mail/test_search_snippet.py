"""Search snippets."""

import orjson
import pytest

from jmap_async import Client
from jmap_async.capabilities.mail.email_query import EmailFilter
from jmap_async.capabilities.mail.search_snippet import SearchSnippet, SearchSnippetGet
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.converter import decoder, encode
from jmap_async.protocol.standard import GetResponse
from jmap_async.testing.server import MemoryServer


async def test_t135_snippets_of_what_a_query_finds(client: Client, server: MemoryServer) -> None:
    """The same filter as in the query marks what was found, as HTML."""
    found_id = server.add_email(subject="The needle & more")
    filter = EmailFilter(text="needle")
    query = client.email.query(filter)
    snippet = (await client.search_snippet.get(query.ids, filter=filter)).list[0]
    assert found_id == snippet.email_id
    assert "The <mark>needle</mark> &amp; more" == snippet.subject
    assert 1 == client.stats.posts


def test_t70_there_is_no_state_and_not_found_may_be_null() -> None:
    """The response is read although it has fewer members than others."""
    sent = {"list": [{"emailId": "M1", "subject": None, "preview": None}], "notFound": None}
    read = decoder(GetResponse[SearchSnippet])(sent)
    assert [] == read.not_found
    assert "M1" == read.list[0].email_id


def test_arguments() -> None:
    """The ids are called `emailIds`; the filter obeys the rules of Email/query."""
    assert {"emailIds": ["M1"]} == orjson.loads(encode(SearchSnippetGet("M1")))
    assert 1 == len(set(SearchSnippetGet("M1", filter=EmailFilter(has_smime=True)).needs()))
    with pytest.raises(LocalProtocolError, match="header condition"):
        SearchSnippetGet("M1", filter={"header": []}).check()
