"""What a file is by its name, as far as pages care."""

from __future__ import annotations

import mimetypes

_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/avif"})
_TYPES = mimetypes.MimeTypes(filenames=())


def is_image(name: str) -> bool:
    """Whether a browser shows it as a picture."""
    return _TYPES.guess_type(name)[0] in _IMAGES
