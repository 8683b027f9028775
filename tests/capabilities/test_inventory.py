"""The facades against the RFCs' own lists: methods, properties, filters, sorts, errors."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import attrs
import pytest

from jmap_async.capabilities import set_errors
from jmap_async.capabilities.core import push_subscription
from jmap_async.capabilities.facade import data_type, methods_of
from jmap_async.capabilities.mail import (
    address,
    body,
    email,
    email_query,
    headers,
    mailbox,
    search_snippet,
    thread,
)
from jmap_async.capabilities.masked_email import masked_email
from jmap_async.capabilities.submission import email_submission, identity
from jmap_async.capabilities.vacation_response import vacation_response
from jmap_async.errors import METHOD_ERRORS, LocalProtocolError, SetError
from jmap_async.protocol.codec.objects import DataObject
from jmap_async.protocol.fields import wire_fields, wire_name
from jmap_async.protocol.filters import Comparator, FilterCondition
from jmap_async.verbs.core import Core
from jmap_async.verbs.mail import Mail
from jmap_async.verbs.masked_email import MaskedEmails
from jmap_async.verbs.submission import Submission
from jmap_async.verbs.vacation_response import Vacation

DATA = Path(__file__).parents[1] / "data" / "inventory.json"
Rfc = dict[str, Any]
RFC: Rfc = json.loads(DATA.read_text(encoding="utf-8"))

CAPABILITIES = (Core, Mail, Submission, Vacation, MaskedEmails)

METHODS = {
    one.name: (capability.uri, one)
    for capability in CAPABILITIES
    for kind in vars(capability).values()
    if isinstance(kind, data_type)
    for one in methods_of(kind.methods)
}

CLASSES: dict[str, type] = {
    "PushSubscription": push_subscription.PushSubscription,
    "PushSubscription keys": push_subscription.PushKeys,
    "Mailbox": mailbox.Mailbox,
    "MailboxRights": mailbox.MailboxRights,
    "Thread": thread.Thread,
    "Email": email.Email,
    "EmailHeader": headers.EmailHeader,
    "EmailAddress": address.EmailAddress,
    "EmailAddressGroup": address.EmailAddressGroup,
    "EmailBodyPart": body.EmailBodyPart,
    "EmailBodyValue": body.EmailBodyValue,
    "EmailImport": email.EmailImport,
    "SearchSnippet": search_snippet.SearchSnippet,
    "Identity": identity.Identity,
    "EmailSubmission": email_submission.EmailSubmission,
    "Envelope": email_submission.Envelope,
    "Address (envelope)": email_submission.Address,
    "DeliveryStatus": email_submission.DeliveryStatus,
    "VacationResponse": vacation_response.VacationResponse,
    "MaskedEmail": masked_email.MaskedEmail,
    "SetError": SetError,
    "Comparator": Comparator,
}

PROPERTIES: dict[str, object] = {
    "PushSubscription": push_subscription.PushSubscriptionProperty,
    "Mailbox": mailbox.MailboxProperty,
    "Thread": thread.ThreadProperty,
    "Email": email.EmailProperty,
    "EmailBodyPart": body.BodyProperty,
    "Identity": identity.IdentityProperty,
    "EmailSubmission": email_submission.EmailSubmissionProperty,
    "VacationResponse": vacation_response.VacationResponseProperty,
    "MaskedEmail": masked_email.MaskedEmailProperty,
}

FILTERS: dict[str, type[FilterCondition]] = {
    "Mailbox/query": mailbox.MailboxFilter,
    "Email/query": email_query.EmailFilter,
    "EmailSubmission/query": email_submission.EmailSubmissionFilter,
}

SORTS: dict[str, tuple[object, ...]] = {
    "Mailbox/query": (mailbox.MailboxSort,),
    "Email/query": (email_query.EmailSort, email_query.KeywordSort),
    "EmailSubmission/query": (email_submission.EmailSubmissionSort,),
}

# RFC 8620, 4 and 7.2: these speak of no account, and subscriptions have no state.
NOT_TAKEN = {
    "Core/echo": {"accountId"},
    "PushSubscription/get": {"accountId"},
    "PushSubscription/set": {"accountId", "ifInState"},
}

# Another name would be a keyword of Python, or that of the class of objects.
PYTHON_NAMES = {"import": "import_", "queryChanges": "query_changes"}


def methods() -> list[Any]:
    """Return the RFCs' methods as parameters."""
    return [pytest.param(one, id=one["name"]) for one in RFC["methods"]]


def objects() -> list[Any]:
    """Return the RFCs' objects as parameters."""
    return [pytest.param(one, id=one["name"]) for one in RFC["objects"]]


def fields(cls: Any) -> "dict[str, attrs.Attribute[Any]]":  # noqa: ANN401 - any type at all
    """Return the fields of a class by wire name."""
    bare = get_origin(cls) or cls
    hints = get_type_hints(bare)  # data objects have a further field, for attrs.evolve() alone
    return {wire_name(one): one for one in wire_fields(bare) if one.name in hints}


def standard(rfc: Rfc, part: str) -> list[Any]:
    """Return what a method has because of its kind."""
    found: list[Any] = RFC["standard_methods"].get(rfc["kind"], {}).get(part, [])
    return found


def arguments(rfc: Rfc) -> dict[str, Any]:
    """Return the RFC's arguments of a method, but the account id, by name."""
    taken = [*standard(rfc, "args"), *rfc["extra_args"]]
    left_out = {"accountId"} | NOT_TAKEN.get(rfc["name"], set())
    return {one["name"]: one for one in taken if one["name"] not in left_out}


def literals(hint: Any) -> Iterator[str]:  # noqa: ANN401 - any type at all
    """Yield the strings that a type consists of."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        for one in get_args(hint):
            yield from literals(one)


@pytest.mark.parametrize("rfc", methods())
def test_each_method_has_a_facade(rfc: Rfc) -> None:
    """Every method is declared, under its capability and its name in snake_case."""
    uri, declared = METHODS[rfc["name"]]
    assert rfc["capability"] == uri
    name = rfc["name"].partition("/")[2]
    assert PYTHON_NAMES.get(name, name) == declared._attribute


@pytest.mark.parametrize("rfc", methods())
def test_arguments(rfc: Rfc) -> None:
    """A method takes exactly the RFC's arguments, under its names."""
    _, declared = METHODS[rfc["name"]]
    assert set(arguments(rfc)) == set(fields(declared.arguments))
    assert ("accountId" not in NOT_TAKEN.get(rfc["name"], set())) == declared.takes_account_id


@pytest.mark.parametrize("rfc", methods())
def test_defaults_of_arguments(rfc: Rfc) -> None:
    """An argument that is left out has the RFC's default, and required ones have none."""
    _, declared = METHODS[rfc["name"]]
    defaults = {"null": None, "false": False, "0": 0, "required": attrs.NOTHING}
    for name, argument in arguments(rfc).items():
        # A list of names is a default that the server applies.
        expected = defaults.get(argument["default"])
        assert expected == fields(declared.arguments)[name].default, name


@pytest.mark.parametrize("rfc", methods())
def test_responses(rfc: Rfc) -> None:
    """Every member of a response is read."""
    _, declared = METHODS[rfc["name"]]
    expected = {one["name"] for one in (*standard(rfc, "response"), *rfc["extra_response"])}
    if expected:
        assert set() == expected - set(fields(declared.response))


@pytest.mark.parametrize("rfc", methods())
def test_errors(rfc: Rfc) -> None:
    """Every method error has a class, every SetError a name, and their members fields."""
    raised = {*RFC["general_method_errors"], *standard(rfc, "errors"), *rfc["extra_method_errors"]}
    assert set() == raised - set(METHOD_ERRORS)
    refusals = [*standard(rfc, "set_errors"), *rfc["extra_set_errors"]]
    assert set() == {one["type"] for one in refusals} - set(literals(set_errors.SetErrorType))
    members = {one["member"] for one in refusals if one["member"]}
    assert set() == members - set(fields(SetError))


def test_no_other_methods() -> None:
    """What is offered for these types is in an RFC."""
    assert {one["name"] for one in RFC["methods"]} == set(METHODS)


def test_all_set_error_types_are_known() -> None:
    """The list of SetError types holds nothing but what an RFC defines."""
    defined = {
        one["type"]
        for rfc in RFC["methods"]
        for one in (*standard(rfc, "set_errors"), *rfc["extra_set_errors"])
    }
    assert defined == set(literals(set_errors.SetErrorType))


@pytest.mark.parametrize("rfc", objects())
def test_properties(rfc: Rfc) -> None:
    """A class has exactly the RFC's properties, under its names."""
    expected = {one["name"] for one in rfc["properties"] if not one["name"].startswith("header:")}
    assert expected == set(fields(CLASSES[rfc["name"]]))


@pytest.mark.parametrize("rfc", objects())
def test_types_of_properties(rfc: Rfc) -> None:
    """A property has the Python type for its JSON type, and may be None where it may be null."""
    cls = CLASSES[rfc["name"]]
    hints = get_type_hints(cls)
    for one in rfc["properties"]:
        if one["name"].startswith("header:"):
            continue
        expected = python_type(one["type"])
        actual = spell(hints[fields(cls)[one["name"]].name])
        if not issubclass(cls, DataObject):
            # What is only sometimes there is None in records: they have no absent members.
            expected, actual = (hint.removesuffix(" | None") for hint in (expected, actual))
        assert expected == actual, one["name"]


PYTHON_TYPES = {
    "Id": "str",
    "String": "str",
    "Boolean": "bool",
    "UnsignedInt": "int",
    "UTCDate": "datetime",
    "Date": "datetime",
}


def python_type(json_type: str) -> str:
    """Spell the Python type for a JSON type as the RFCs write it."""
    if json_type == "Object|null":
        return "an object"
    if json_type.endswith("|null"):
        return f"{python_type(json_type.removesuffix('|null'))} | None"
    if json_type.endswith("[]"):
        return f"list[{python_type(json_type.removesuffix('[]'))}]"
    if json_type.endswith("]"):
        key, _, value = json_type[:-1].partition("[")
        return f"dict[{python_type(key)}, {python_type(value)}]"
    return PYTHON_TYPES.get(json_type, json_type)


def spell(hint: Any) -> str:  # noqa: ANN401 - any type at all
    """Spell a type as `python_type` does."""
    if hint in {push_subscription.PushKeys | None, dict[str, str | None] | None}:
        return "an object"
    if hint == dict[str, object]:
        return "EmailPushConfig"
    if get_origin(hint) in {list, dict}:
        inner = ", ".join(spell(one) for one in get_args(hint))
        return f"{get_origin(hint).__name__}[{inner}]"
    if get_args(hint):
        inner = next(one for one in get_args(hint) if one is not type(None))
        return f"{spell(inner)} | None"
    return str(hint.__name__)


@pytest.mark.parametrize("name", PROPERTIES)
def test_names_of_properties(name: str) -> None:
    """What `properties` may ask for is every property of the RFC that can be read."""
    rfc = next(one for one in RFC["objects"] if one["name"] == name)
    expected = {
        one["name"]
        for one in rfc["properties"]
        if one["returned_by_default"] != "never" and not one["name"].startswith("header:")
    }
    offered = {one for one in literals(PROPERTIES[name]) if not one.startswith("header:")}
    assert expected == offered


@pytest.mark.parametrize("name", FILTERS)
def test_filter_conditions(name: str) -> None:
    """A filter has exactly the RFC's conditions, of their types."""
    expected = {one["name"]: python_type(one["type"]) for one in RFC["filters"][name]["conditions"]}
    hints = get_type_hints(FILTERS[name])
    actual = {wire: spell(hints[one.name]) for wire, one in fields(FILTERS[name]).items()}
    assert expected == actual


@pytest.mark.parametrize("name", SORTS)
def test_sort_properties(name: str) -> None:
    """What can be sorted by is exactly what the RFC lists."""
    expected = {one["property"] for one in RFC["sorts"][name]["properties"]}
    offered = {one.removeprefix("-") for sort in SORTS[name] for one in literals(sort)}
    assert expected == offered


def test_t93_submissions_are_sorted_by_sent_at() -> None:
    """EmailSubmission/query sorts by "sentAt", although the property is `sendAt`."""
    offered = set(literals(email_submission.EmailSubmissionSort))
    assert "sentAt" in offered
    assert "sendAt" not in offered


FORMS: list[headers.HeaderForm] = [*get_args(headers.HeaderForm)]


@pytest.mark.parametrize(("field", "allowed"), RFC["header_fields"].items())
def test_t125_header_forms(field: str, allowed: list[str]) -> None:
    """A header field has exactly the forms that the RFC allows."""
    name = "X-Other" if field.startswith("(") else field
    accepted = [form for form in FORMS if accepts(name, form)]
    assert {f"as{form}" for form in allowed} - {"asRaw"} == set(accepted)
    assert f"header:{name}:all" == headers.header(name, all=True)


def accepts(field: str, form: headers.HeaderForm) -> bool:
    """Tell whether a header field may have a form."""
    try:
        headers.header(field, form)
    except LocalProtocolError:
        return False
    return True


@pytest.mark.parametrize(
    "listed",
    [*literals(headers.EmailHeaderProperty), *literals(headers.BodyPartHeaderProperty)],
)
def test_listed_header_properties_are_allowed(listed: str) -> None:
    """Each header property that is offered as a literal is one that servers accept."""
    headers.check_header_property(listed)
