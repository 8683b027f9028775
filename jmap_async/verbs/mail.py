"""The mail capability (RFC 8621, 1.3.1)."""

from jmap_async.capabilities.facade import Capability, data_type
from jmap_async.capabilities.mail.search_snippet import SearchSnippetTable
from jmap_async.capabilities.mail.thread import Thread, ThreadProperty, ThreadTable
from jmap_async.protocol.session import MAIL
from jmap_async.verbs.email import EmailMethods
from jmap_async.verbs.mailbox import MailboxMethods
from jmap_async.verbs.reading import GetVerbs


class ThreadMethods(ThreadTable, GetVerbs[Thread, ThreadProperty]):
    """Threads: their methods, and the verbs built on them."""


class Mail(Capability):
    """Mailboxes and the Emails in them (RFC 8621, 2 to 5)."""

    uri = MAIL
    mailbox = data_type(MailboxMethods)
    thread = data_type(ThreadMethods)
    email = data_type(EmailMethods)
    search_snippet = data_type(SearchSnippetTable)
