"""What shells are told so that they ask the program which word may come next."""

from __future__ import annotations

from pathlib import Path

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    """What a shell is to be told, so that it asks us."""
    return Path(__file__).with_name(f"giaoban.{shell}").read_text("utf-8")
