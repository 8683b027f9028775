"""Tests of PatchObjects."""

from itertools import combinations

import pytest
from hypothesis import given, strategies as st

from jmap_async.capabilities.core.push_subscription import PushSubscriptionSet
from jmap_async.capabilities.mail.email_arguments import EmailSet
from jmap_async.capabilities.mail.mailbox import Mailbox, MailboxSet
from jmap_async.capabilities.masked_email.masked_email import MaskedEmailSet
from jmap_async.capabilities.submission.email_submission import EmailSubmission, EmailSubmissionSet
from jmap_async.capabilities.submission.identity import IdentitySet
from jmap_async.capabilities.vacation_response.vacation_response import VacationResponseSet
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import patch, pointer
from jmap_async.protocol.standard import Arguments
from tests.protocol.strategies import TEXTS

TOKENS = st.sampled_from(["a", "b", "a/b", "~", "", "ab"])
# The first token is the name of a property, which is never empty.
PATHS = st.lists(TOKENS, min_size=1, max_size=4).filter(lambda tokens: tokens[0])


@given(st.lists(PATHS, unique_by=tuple, max_size=6))
def test_t103_a_patch_is_fine_if_no_path_begins_another(paths: list[list[str]]) -> None:
    """Exactly the sets of paths without a prefix of another one are accepted."""
    clash = any(
        one[: len(other)] == other or other[: len(one)] == one
        for one, other in combinations(paths, 2)
    )
    changes = {patch.path(*tokens): 1 for tokens in paths}
    if clash:
        with pytest.raises(LocalProtocolError, match="may not hold both"):
            patch.check(changes)
    else:
        patch.check(changes)


@given(st.lists(TEXTS, min_size=1))
def test_t102_a_path_is_a_pointer_without_its_first_slash(tokens: list[str]) -> None:
    """Keys with "/" and "~" can be patched, too."""
    assert tokens == pointer.parse(f"/{patch.path(*tokens)}")


def test_t103_patches_of_many_objects() -> None:
    """Each is a patch of its own; whole objects among them are left alone."""
    patch.check_all([])
    patch.check_all([{"a/b": 1}, {"a": 1}, object(), {"a/b": 1, "c": 1}])
    with pytest.raises(LocalProtocolError, match="may not hold both 'a' and 'a/b/c'"):
        patch.check_all([{"a": 1}, {"a/b/c": 1, "b": 1, "a": 1}])
    with pytest.raises(LocalProtocolError, match="no leading '/'"):
        patch.check_all([{"a": 1}, {"/b": 1}])


def test_t102_a_keyword_with_a_slash() -> None:
    """The example that every client gets wrong once."""
    assert "keywords/a~1b" == patch.path("keywords", "a/b")
    assert "keywords/~01" == patch.path("keywords", "~1")


def test_t103_the_error_names_both_paths() -> None:
    """It says which paths are at odds, and what to do."""
    changes = {"mailboxIds/x": True, "subject": "Hi", "mailboxIds": {"y": True}}
    with pytest.raises(LocalProtocolError, match="both 'mailboxIds' and 'mailboxIds/x'"):
        patch.check(changes)


def test_a_name_that_only_begins_alike_is_another() -> None:
    """Prefixes are counted in tokens, not in characters."""
    patch.check({"mailbox": 1, "mailboxIds/x": True, "mailboxIds/x-y": True})


def test_t104_null_is_a_change() -> None:
    """It removes a key or sets the default."""
    patch.check({"keywords/$seen": None, "subject": None})


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("/keywords/$seen", "no leading '/': write 'keywords/\\$seen'"),
        ("keywords/a~b", "'keywords/a~b' is no patch path"),
        (1, "1 is no patch path: it has to be a string"),
        (None, "None is no patch path"),
    ],
)
def test_t102_malformed_paths_are_refused(key: str, message: str) -> None:
    """The error says how to write the path."""
    with pytest.raises(LocalProtocolError, match=message):
        patch.check({"subject": "Hi", key: True})


SUBMISSION = {"s": EmailSubmission(identity_id="I1", email_id="M1")}


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        (EmailSet(update={"M1": {"keywords/to/do": True}}), "'keywords/to~1do'"),
        (EmailSet(update={"M1": {"keywords/a~1b/c/~0": None}}), "'keywords/a~1b~1c~1~0'"),
        (EmailSet(update={"M1": {"keywords/a": True}, "M2": {"mailboxIds/b/c": True}}), "b~1c'"),
        (EmailSet(update={"M1": {"subject/x": "Hi"}}), "'subject', which has nothing"),
        (EmailSet(update={"M1": {"receivedAt/0": "Hi"}}), "'receivedAt', which has nothing"),
        (
            EmailSubmissionSet(
                create=SUBMISSION, on_success_update_email={"#s": {"keywords/to/do": True}}
            ),
            "'keywords/to~1do'",
        ),
        (EmailSubmissionSet(update={"S1": {"undoStatus/x": "canceled"}}), "'undoStatus'"),
        (MailboxSet(update={"B1": {"name/x": "Hi"}}), "'name'"),
        (MailboxSet(update={"B1": {"shareWith/u/mayShare/x": True}}), "'shareWith/u/mayShare'"),
        (IdentitySet(update={"I1": {"replyTo/0/name": "Al"}}), "'replyTo'"),
        (MaskedEmailSet(update={"E1": {"description/x": "Hi"}}), "'description'"),
        (PushSubscriptionSet(update={"P1": {"types/0": "Email"}}), "'types'"),
        (VacationResponseSet(update={"singleton": {"toDate/x": None}}), "'toDate'"),
    ],
)
def test_t103_nothing_is_inside_of_a_value(arguments: Arguments, written: str) -> None:
    """A path that no server can follow is refused; the error tells how to write a key with "/"."""
    with pytest.raises(LocalProtocolError, match=written) as refused:
        arguments.check()
    assert "~1" in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"shareWith/u": {"mayShare": True}},
        {"shareWith/u/mayShare": True, "shareWith/u/example.com:new/x": 1, "sortOrder": 1},
        {"example.com:color/a/b": True, "extra/b/c": 1},
        {"myRights/mayShare": True},
    ],
)
def test_t103_what_may_be_inside(changes: dict[str, object]) -> None:
    """Members of objects, and whatever is not known of a type, are the server's to judge."""
    MailboxSet(update={"B1": changes, "B2": Mailbox(name="Hi")}).check()
    patch.check(changes)
