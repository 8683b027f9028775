"""HTML as plain text, roughly: what a reader would see of it."""

import html
import re
from typing import Final

_MARKUP: Final = re.compile(r"<[A-Za-z/!?]")
_TAG_NAME: Final = re.compile(r"<(head|style|script)\b", re.IGNORECASE)
_ENDS: Final = {
    name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("head", "style", "script")
}
_LONG_NUMBER: Final = re.compile(r"&#[0-9]{1000,};?")


def strip_markup(text: str) -> str:
    """Return the text that HTML would show, roughly.

    What is open at the end hides the rest, as in browsers.
    """
    shown: list[str] = []
    position = 0
    while match := _MARKUP.search(text, position):
        shown += [text[position : match.start()], " "]
        position = _end_of_markup(text, match.start())
    # Python refuses to read numbers of many digits.
    return html.unescape(_LONG_NUMBER.sub("\ufffd", "".join([*shown, text[position:]])))


def _end_of_markup(text: str, start: int) -> int:
    """Return where a comment, an element without text or a tag ends."""
    if text.startswith("<!--", start):
        end = text.find("-->", start)
        return len(text) if end < 0 else end + 3
    hidden = _TAG_NAME.match(text, start)
    if hidden is not None:
        end_tag = _ENDS[hidden[1].lower()].search(text, start)
        return end_tag.end() if end_tag else len(text)
    end = text.find(">", start)
    return len(text) if end < 0 else end + 1
