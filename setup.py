"""Beside pyproject.toml only what that cannot say: a wheel and an sdist know their commit.

Without it an installed program could not say which code answered, and every annex would be a draft
(`giaoban.scenarios.plan.identity.commit`).
"""

import json
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from giaoban.scenarios.plan import identity  # noqa: E402 - which needs nothing but Python's own


def write_origin(root: str) -> None:
    """Where this was made of a repository; what an sdist brought of it stays otherwise."""
    if (origin := identity.origin()) is not None:
        Path(root, "giaoban", identity.BUILT.name).write_text(f"{json.dumps(origin)}\n", "ascii")


class Build(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            write_origin(self.build_lib)


class Source(sdist):
    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        write_origin(base_dir)


setup(cmdclass={"build_py": Build, "sdist": Source})
