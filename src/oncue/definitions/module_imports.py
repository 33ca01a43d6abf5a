"""Python modules imported as they are on disk now, in a process that may have imported them before.

A module is remembered with those it brought in from its folder and the hashes of their files. When one of these files has
changed, all of them are forgotten and imported anew; objects that were made before keep the code they were made with.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from oncue.definitions.step_source import file_hash


class ModuleImports:
    """Imports modules from folders; one lock for all, because ``sys.path`` and ``sys.modules`` belong to the process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._seen: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}

    def read(self, name: str, folder: str) -> ModuleType:
        """The module as it is on disk now; ``folder`` comes first on ``sys.path`` while it is imported.

        Raises:
            BaseException: whatever importing it raises; then the modules that were there before are there again.
        """
        with self._lock, _first_on_path(folder):
            importlib.invalidate_caches()
            stale = self._stale(name, folder)
            with _forgotten(stale):
                before = set(sys.modules) - set(stale)
                module = importlib.import_module(name)
            self._remember(name, folder, new=set(sys.modules) - before)
            return module

    def reread(self, name: str, folder: str, files: Iterable[str]) -> ModuleType:
        """The same, after forgetting every module of these files, whoever imported it."""
        wanted = set(files)
        with self._lock:
            modules = {key: found for key, found in sys.modules.items() if _file_of(found) in wanted}
            with _forgotten([*modules, name]):
                return self.read(name, folder)

    def _stale(self, name: str, folder: str) -> list[str]:
        seen = self._seen.get((name, folder), {})
        if any(file_hash(file) != known for file, known in seen.values()):
            return list(seen)
        top = name.partition(".")[0]
        return _family(top) if folder and _is_from_elsewhere(top, folder) else []

    def _remember(self, name: str, folder: str, *, new: Iterable[str]) -> None:
        seen = self._seen.setdefault((name, folder), {})
        root = f"{Path(folder).resolve()}/" if folder else ""
        for key in (name, *new):
            file = _file_of(sys.modules.get(key))
            if file and (key == name or (root and file.startswith(root) and "site-packages" not in file)):
                seen[key] = (file, file_hash(file))


@contextlib.contextmanager
def _first_on_path(folder: str) -> Iterator[None]:
    if not folder:
        yield
        return
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)


@contextlib.contextmanager
def _forgotten(names: Iterable[str]) -> Iterator[None]:
    """Without these modules, and their byte code; they come back if what happens meanwhile fails."""
    kept: Mapping[str, ModuleType] = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    for module in kept.values():
        file = _file_of(module)
        if file:
            with contextlib.suppress(OSError, NotImplementedError):  # a folder that cannot be written has none of ours
                Path(importlib.util.cache_from_source(file)).unlink(missing_ok=True)
    try:
        yield
    except BaseException:
        sys.modules.update(kept)
        raise


def _is_from_elsewhere(top: str, folder: str) -> bool:
    """Whether a module of this name was imported from another place than this folder, which has one too."""
    module = sys.modules.get(top)
    if module is None:
        return False
    spec = PathFinder.find_spec(top, [folder])
    if spec is None:
        return False
    if spec.origin is not None:
        return _file_of(module) != str(Path(spec.origin).resolve())
    return set(spec.submodule_search_locations or ()).isdisjoint(getattr(module, "__path__", ()))


def _family(top: str) -> list[str]:
    return [name for name in sys.modules if name == top or name.startswith(f"{top}.")]


def _file_of(module: ModuleType | None) -> str:
    file = getattr(module, "__file__", None)
    return str(Path(file).resolve()) if isinstance(file, str) else ""
