"""The settings of a workspace as people see them, with the model that this process would call."""

from __future__ import annotations

from dataclasses import dataclass

from oncue.control.generation.modelcheck import ModelState, look_at_model
from oncue.control.instants import show_instant
from oncue.control.workspace import Workspace
from oncue.core.callports import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView:
    """What is set, by name, and the model in force: an environment variable prevails over the setting."""

    settings: tuple[Setting, ...]
    model: ModelState | None

    def as_dict(self) -> dict[str, object]:
        """The wire form."""
        return {
            "settings": [setting_as_dict(setting) for setting in self.settings],
            "model": self.model.as_dict() if self.model else None,
        }


def view_settings(workspace: Workspace, *, needs_price: bool = False) -> SettingsView:
    """Look at everything that is set. Whether the model has a price is looked up only for those who ask: it takes a library."""
    with workspace.store.read() as reader:
        model = look_at_model(workspace, reader, needs_price=needs_price)
        return SettingsView(settings=tuple(reader.list_settings()), model=model)


def setting_as_dict(setting: Setting) -> dict[str, object]:
    """The wire form of a setting."""
    return {
        "name": setting.name,
        "value": setting.value,
        "set_by": setting.set_by,
        "set_at": show_instant(setting.set_at),
    }
