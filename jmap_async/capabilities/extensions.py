"""Properties that a capability adds to a data type of another: asking for them needs it too."""

from collections.abc import Collection, Mapping
from typing import get_args

from jmap_async.capabilities.inputs import members


def needed(extensions: Mapping[str, str], names: Collection[object]) -> set[str]:
    """Return the capabilities that the properties belong to (RFC 8620, 1.8).

    `extensions` maps properties to their capability; those that are not there need none.
    """
    try:
        if extensions.keys().isdisjoint(names):
            return set()  # as good as always
    except TypeError:
        pass  # what cannot be a key is no name
    return {extensions[name] for name in names if isinstance(name, str) and name in extensions}


def usual(properties: object, *, but: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names of a Literal, but those that come only where a capability is used."""
    return tuple(one for one in get_args(properties) if one not in but)


def written(*changes: object) -> set[str]:
    """Return the properties that objects to create, or patches, by key, speak of."""
    return {
        # The first step of a patch's path is the property.
        path.partition("/")[0]
        for objects in changes
        for value in members(objects).values()
        for path in members(value)
    }
