"""Emails: their methods, and the verbs built on them (RFC 8621, 4)."""

from collections.abc import AsyncGenerator, Iterable
from datetime import datetime
from functools import cached_property
from typing import Unpack

import attrs

from jmap_async.capabilities.mail.address import AddressesLike, AddressLike, parse_address
from jmap_async.capabilities.mail.email import Email, EmailProperty
from jmap_async.capabilities.mail.email_arguments import EmailFetch
from jmap_async.capabilities.mail.email_methods import EmailTable
from jmap_async.capabilities.mail.email_query import EmailFilter, EmailSorting
from jmap_async.capabilities.mail.mailbox import MailboxTable
from jmap_async.capabilities.submission.email_submission import SentSubmission
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.filters import Filter
from jmap_async.protocol.ids import IdLike, IdsLike, as_ids
from jmap_async.protocol.standard import SetResponse
from jmap_async.protocol.types import Id, Wire
from jmap_async.verbs import composing
from jmap_async.verbs.composing import AttachmentLike, Letter
from jmap_async.verbs.reading import QueryVerbs
from jmap_async.verbs.sending import Post
from jmap_async.verbs.submission import Submission


class EmailMethods(EmailTable, QueryVerbs[Email, EmailProperty, EmailFilter, EmailSorting]):
    """Emails: their methods, and the verbs built on them."""

    async def get_one(self, id: IdLike, **fetch: Unpack[EmailFetch]) -> Email:
        """Fetch one Email; the other arguments are those of `get`.

        Raises:
            NotFound: there is no Email with this id.
        """
        return await self._get_one(id, fetch)

    def iter(
        self,
        filter: Filter[EmailFilter] | None = None,
        *,
        sort: EmailSorting | Iterable[EmailSorting] | None = None,
        collapse_threads: bool = False,
        page_size: int | None = None,
        **fetch: Unpack[EmailFetch],
    ) -> AsyncGenerator[Email, None]:
        """Yield all Emails that a query finds, each once; `fetch` are the arguments of `get`.

        They are read in pages of `page_size`, and up to five pages ahead while one is used. What
        is among the results from the beginning to the end comes, and comes in order, whatever
        else changes meanwhile. A loop that is left early stops reading; to wait for that, use
        `contextlib.aclosing`.
        """
        query = {"filter": filter, "sort": sort, "collapse_threads": collapse_threads}
        return self._iter(query, fetch, page_size=page_size)

    async def update(self, ids: IdsLike, patch: Wire) -> SetResponse[Email]:
        """Change one or many Emails alike, as by `{"keywords/$seen": True}`.

        Raises:
            SetFailed: the server refused to change some of them.
        """
        response = await self.set(update=dict.fromkeys(as_ids(ids), patch))
        response.raise_for_errors()
        return response

    async def send(
        self,
        message: Email | None = None,
        *,
        to: AddressesLike | None = None,
        cc: AddressesLike | None = None,
        bcc: AddressesLike | None = None,
        from_: AddressLike | None = None,
        reply_to: AddressesLike | None = None,
        subject: str | None = None,
        text: str | None = None,
        html: str | None = None,
        attachments: AttachmentLike | Iterable[AttachmentLike] = (),
        identity: Identity | Id | None = None,
        send_at: datetime | None = None,
    ) -> SentSubmission:
        """Send a message, and keep it among the sent ones.

        Where it was sent but could not be put there, `not_filed` of the result says why, and so
        does a warning in the log. An account may have no mailbox for sent messages: then it stays
        among the drafts, and is no draft any more.

        Args:
            message: an Email to send as it is, instead of all that follows up to `attachments`.
                One that the server has already, such as a draft, is sent by its id; what was
                not fetched of it and is needed is fetched then.
            to: recipients, like "bob@example.net" or "Bob <bob@example.net>", one or many.
            cc: further recipients.
            bcc: recipients that the others do not see.
            from_: the sender; without it the address of the identity.
            reply_to: where answers go, if that is not the sender.
            subject: the subject.
            text: the message as plain text.
            html: the message as HTML; with `text`, both are alternatives.
            attachments: paths, bytes, (name, bytes), (name, bytes, type) or uploaded Blobs.
            identity: whom to send as; without it the identity that fits the sender, or the user
                name of the session. Its `reply_to` and `bcc` apply where none are given; its
                signatures do not.
            send_at: when the server shall send it, where it can hold messages back.

        Raises:
            SetFailed: the server refused it. Where it kept the message, the error says so, and is
                under the id of the draft.
            NotFound: no identity fits, or there is no mailbox for drafts.
            LocalProtocolError: it cannot be sent like this.
            TransportError: with `outcome` "unknown" it may have been sent.
        """
        post = self._post()
        if send_at is not None:
            post.check_delay(send_at)
        composed = (to, cc, bcc, from_, reply_to, subject, text, html, attachments or None)
        if message is not None:
            if any(one is not None for one in composed):
                raise LocalProtocolError(
                    "message is sent as it is: leave the other arguments out, or use "
                    "attrs.evolve(message, ...)"
                )
            letter = composing.as_is(message, identity=identity, send_at=send_at)
            return await post.send(letter)
        letter = Letter(
            email=composing.compose(
                to=to, cc=cc, bcc=bcc, reply_to=reply_to, subject=subject, text=text, html=html
            ),
            sender=parse_address(from_) if isinstance(from_, str) else from_,
            identity=identity,
            send_at=send_at,
        )
        parts = await post.upload(composing.as_attachments(attachments))
        if parts:
            letter = attrs.evolve(letter, email=attrs.evolve(letter.email, attachments=parts))
        return await post.send(letter)

    @cached_property
    def _posts(self) -> dict[Id | None, Post]:
        return {}

    def _post(self) -> Post:
        # Identities have a primary account of their own, and what is sent from it must be there.
        account_id = self.capability.account_id
        if account_id is None:
            account_id = self.host.session.primary_account(Submission.uri)
        post = self._posts.get(account_id)
        if post is None:
            mail = type(self.capability)(self.host, account_id)
            submission = self.host.capability(Submission, account_id)
            post = Post(EmailTable(mail), MailboxTable(mail), submission)
            self._posts[account_id] = post
        return post
