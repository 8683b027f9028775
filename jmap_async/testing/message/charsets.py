"""Charsets by the names that IANA registers, and octets as text (RFC 2978; RFC 8621, 4.1.4)."""

import re
from typing import Final

_NAMES: Final = {
    "ascii": """us-ascii ascii ansi_x3.4-1968 ansi_x3.4-1986 iso_646.irv:1991 iso646-us iso-ir-6
        us ibm367 cp367 csascii""",
    "utf-8": "utf-8 utf8 csutf8 unicode-1-1-utf-8 x-utf-8",
    "utf-7": "utf-7 utf7 csutf7 unicode-1-1-utf-7",
    "utf-16": "utf-16 utf16 csutf16 unicode csunicode iso-10646-ucs-2 ucs-2",
    "utf-16-be": "utf-16be csutf16be",
    "utf-16-le": "utf-16le csutf16le",
    "utf-32": "utf-32 utf32 csutf32 iso-10646-ucs-4 ucs-4",
    "utf-32-be": "utf-32be csutf32be",
    "utf-32-le": "utf-32le csutf32le",
    "latin-1": """iso-8859-1 iso8859-1 iso_8859-1 iso_8859-1:1987 iso88591 iso-ir-100 latin1 latin-1
        l1 ibm819 cp819 csisolatin1""",
    "iso8859-2": "iso_8859-2:1987 iso-ir-101 latin2 latin-2 l2 csisolatin2",
    "iso8859-3": "iso_8859-3:1988 iso-ir-109 latin3 latin-3 l3 csisolatin3",
    "iso8859-4": "iso_8859-4:1988 iso-ir-110 latin4 latin-4 l4 csisolatin4",
    "iso8859-5": "iso_8859-5:1988 iso-ir-144 cyrillic csisolatincyrillic",
    "iso8859-6": """iso_8859-6:1987 iso-ir-127 ecma-114 asmo-708 arabic csisolatinarabic
        iso-8859-6-e iso-8859-6-i""",
    "iso8859-7": """iso_8859-7:1987 iso-ir-126 elot_928 ecma-118 greek greek8 csisolatingreek""",
    "iso8859-8": """iso_8859-8:1988 iso-ir-138 hebrew csisolatinhebrew iso-8859-8-e
        iso-8859-8-i logical""",
    "iso8859-9": "iso_8859-9:1989 iso-ir-148 latin5 latin-5 l5 csisolatin5",
    "iso8859-10": "iso_8859-10:1992 iso-ir-157 latin6 latin-6 l6 csisolatin6",
    "iso8859-11": "tis-620 tis620 cstis620 iso-ir-166",
    "iso8859-13": "latin7 latin-7 l7 csiso885913",
    "iso8859-14": "iso_8859-14:1998 iso-ir-199 latin8 latin-8 l8 iso-celtic csiso885914",
    "iso8859-15": "latin-9 latin9 l9 csiso885915",
    "iso8859-16": "iso_8859-16:2001 iso-ir-226 latin10 l10 csiso885916",
    "koi8-r": "koi8-r koi8r koi8 cskoi8r",
    "koi8-u": "koi8-u koi8u koi8-ru cskoi8u",
    "cp1252": "ansi",
    "cp874": "dos-874",
    "cp932": "windows-31j cswindows31j ms932 cp943c",
    "cp949": "ms949 uhc ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 iso-ir-149 korean",
    "cp950": "ms950",
    "big5": "big5 big-5 csbig5 cn-big5 x-x-big5",
    "big5hkscs": "big5-hkscs big5hkscs csbig5hkscs",
    "gb2312": "gb2312 csgb2312 gb_2312-80 iso-ir-58 chinese euc-cn euccn x-euc-cn",
    "gbk": "gbk x-gbk csgbk ms936",
    "gb18030": "gb18030 gb-18030 csgb18030",
    "hz": "hz-gb-2312 hz",
    "euc-jp": """euc-jp eucjp x-euc-jp extended_unix_code_packed_format_for_japanese
        cseucpkdfmtjapanese""",
    "euc-kr": "euc-kr euckr cseuckr",
    "shift-jis": "shift_jis shift-jis sjis x-sjis ms_kanji csshiftjis",
    "iso2022-jp": "iso-2022-jp iso2022-jp csiso2022jp",
    "iso2022-jp-1": "iso-2022-jp-1",
    "iso2022-jp-2": "iso-2022-jp-2 csiso2022jp2",
    "iso2022-jp-3": "iso-2022-jp-3",
    "iso2022-kr": "iso-2022-kr iso2022-kr csiso2022kr",
    "johab": "johab ms1361",
    "mac-roman": "macintosh mac csmacintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "ptcp154": "ptcp154 csptcp154 pt154 cp154 cyrillic-asian",
    "hp-roman8": "hp-roman8 roman8 r8 cshproman8",
    "kz1048": "kz-1048 strk1048-2002 rk1048 cskz1048",
}
"""Other names of charsets, by the codec that reads them.

Python knows many codecs that are no charsets: they turn octets into octets, run escapes or fail
with errors of their own. So only what stands here is known.
"""

_PAGES: Final = """437 737 775 850 852 855 857 858 860 861 862 863 864 865 866 869
    874 932 949 950 1250 1251 1252 1253 1254 1255 1256 1257 1258"""
_EBCDIC: Final = {"037": "ebcdic-cp-us", "273": "", "424": "ebcdic-cp-he", "500": "", "1026": ""}


def _codecs() -> dict[str, str]:
    known = {name: codec for codec, names in _NAMES.items() for name in names.split()}
    for number in (*range(2, 12), *range(13, 17)):
        for prefix in ("iso-8859-", "iso8859-", "iso_8859-", "iso8859"):
            known[f"{prefix}{number}"] = f"iso8859-{number}"
    for page in _PAGES.split():
        for prefix in ("windows-", "cp", "cp-", "x-cp", "win-", "ibm", "ibm-", "cswindows"):
            known[f"{prefix}{page}"] = f"cp{page}"
    for page, alias in _EBCDIC.items():
        known |= dict.fromkeys(filter(None, (f"ibm{page}", f"cp{page}", alias)), f"cp{page}")
    return known


_CODECS: Final = _codecs()

_SUPERSETS: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "shift-jis": "cp932",
    "big5": "big5hkscs",
    "iso2022-jp": "iso2022-jp-2",
}
"""What is often meant where the declared charset does not fit, as browsers have it."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _windows_letters() -> dict[int, str]:
    found = {octet: bytes([octet]).decode("cp1252", "ignore") for octet in range(0x80, 0xA0)}
    return {octet: letter for octet, letter in found.items() if letter}


_WINDOWS_LETTERS: Final = _windows_letters()


def is_known(charset: str) -> bool:
    """Say whether octets of the charset can be decoded."""
    return charset.lower() in _CODECS


def decode(octets: bytes, charset: str) -> tuple[str, bool] | None:
    """Return octets as text, and whether some were malformed; None if the charset is unknown."""
    codec = _CODECS.get(charset.lower())
    if codec is None:
        return None
    if codec in ("utf-16", "utf-32"):
        codec = _byte_order(octets, codec)
    for candidate in (codec, _SUPERSETS.get(codec)):
        text = None if candidate is None else _strict(octets, candidate)
        if text is not None:
            return text, False
    # Lone surrogates, which UTF-7 can spell, have no place in text.
    return _SURROGATE.sub("\ufffd", octets.decode(codec, "replace")), True


def _strict(octets: bytes, codec: str) -> str | None:
    try:
        text = octets.decode(codec)
    except UnicodeError:
        return None
    if codec == "latin-1":
        # Where ISO 8859-1 has control characters, Windows-1252 is meant.
        return text.translate(_WINDOWS_LETTERS)
    return None if codec == "utf-7" and _SURROGATE.search(text) else text


def _byte_order(octets: bytes, codec: str) -> str:
    """Return the codec with the order that is implied without a mark (RFC 2781, 4.3)."""
    marks = (b"\xff\xfe", b"\xfe\xff") if codec == "utf-16" else (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
    return codec if octets.startswith(marks) else f"{codec}-be"


def best_effort(octets: bytes, charset: str) -> tuple[str, bool]:
    """Return octets as text in any case, and whether the charset is unknown or does not fit."""
    declared = decode(octets, charset)
    if declared is not None and not declared[1]:
        return declared
    # RFC 8621, 4.1.4 allows to guess: beyond ASCII, what is UTF-8 is never so by accident.
    guessed = None if octets.isascii() else _strict(octets, "utf-8")
    if guessed is not None:
        return guessed, True
    return declared or (octets.decode("utf-8", "replace"), True)
