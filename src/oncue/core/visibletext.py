r"""Text in which nothing is hidden: characters that hide, reorder or pretend are written out, chat-template tokens are broken.

What looks like nothing (zero-width and tag characters, variation selectors, fillers), what reorders (bidirectional controls),
what this Python does not know, and what is no character at all becomes ``\u{hex}``. Two kinds that writing needs stay, where
they do their work: a joiner between two letters or symbols beyond ASCII, and an emoji selector behind a symbol.
"""

from __future__ import annotations

import re
import unicodedata

_HIDING = frozenset(
    map(
        chr,
        [
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ],
    )
)
"""Letters, marks and symbols without a shape: those of ``Default_Ignorable_Code_Point``, and the blank of Braille."""
_SHAPELESS = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_SELECTORS = frozenset("\ufe0e\ufe0f")
_KEYCAPS = frozenset("0123456789#*")

_ANGLE_NAMES = (
    r"s|bos|eos|pad|unk|sep|cls|mask|sop|eop|eo[dmt](?:_id)?|(?:bos|eos|pad|unk)_token|sys|think|image|video|audio|img"
    r"|(?:start|end|begin)_(?:of_)?\w+|tool_(?:calls?|responses?|results?)|fim_\w+|file_sep|repo_?name|jupyter_\w+"
    r"|extra_id_\d+|unused\d+|seed:\w+|0x[0-9a-f]{2}"
)
_SQUARE_NAMES = (
    r"inst|system_prompt|available_tools|tool_(?:calls|results|content)|args|call_id|img(?:_break|_end)?|think|gmask"
    r"|prefix|middle|suffix|model_settings"
)
_INSIDE_TOKEN = re.compile(
    r"(?<=[<＜﹤])(?=[|｜])|(?<=\w[|｜])(?=[>＞﹥])"
    rf"|(?<=<)(?=/?(?:{_ANGLE_NAMES})>)|(?<=\[)(?=/?(?:{_SQUARE_NAMES})\])"
    r"|(?<=\])(?=~!?b[\[\]])|(?<=\[)(?=e~\[)",
    re.IGNORECASE,
)
"""Where a token of the chat templates in use is broken; a place and no text, so that tokens within tokens break too."""


def show_hidden(text: str) -> str:
    """A text of one line with everything hidden written out, and every chat-template token broken by a backslash."""
    return _INSIDE_TOKEN.sub(r"\\", write_out(text))


def write_out(text: str) -> str:
    """A text of one line with everything hidden written out, for people to look at."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(sign if _is_plain(text, place) else f"\\u{{{ord(sign):x}}}" for place, sign in enumerate(text))


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in a text."""
    return all(sign.isspace() or not _has_shape(sign) for sign in text)


def strip_hidden(text: str) -> str:
    """A text without its hidden characters, and in the plainest form of its letters: what somebody would read."""
    return unicodedata.normalize("NFKC", "".join(sign for sign in text if sign.isspace() or _has_shape(sign)))


def _is_plain(text: str, place: int) -> bool:
    sign = text[place]
    if sign == "\t" or _has_shape(sign):
        return True
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if sign in _JOINERS:
        is_behind_emoji = before in _SELECTORS and _is_plain(text, place - 1)
        return (is_behind_emoji or _is_joined(before)) and _is_joined(after)
    return sign in _SELECTORS and (before in _KEYCAPS or (_is_symbol(before) and not before.isascii()))


def _has_shape(sign: str) -> bool:
    return unicodedata.category(sign) not in _SHAPELESS and sign not in _HIDING


def _is_joined(sign: str) -> bool:
    """Whether a joiner may stand beside it."""
    return bool(sign) and not sign.isascii() and _has_shape(sign) and unicodedata.category(sign)[0] in "LMS"


def _is_symbol(sign: str) -> bool:
    return bool(sign) and _has_shape(sign) and unicodedata.category(sign)[0] in "SP"
