"""Functions that are called on a Dask cluster, in the place of processes beside us (`workers`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

from giaoban.errors import InputError, MachineLacks
from giaoban.processes.workers import InlineWorker, WorkerPool

CONNECT_S = 15


class ClusterWorkers:
    """A cluster's workers, which run the same program and see the same files as we."""

    def __init__(self, scheduler: str) -> None:
        """`scheduler`: its address, as `tcp://HOST:8786`.

        Raises:
            InputError: nobody answers there.
            MachineLacks: what speaks to clusters is not installed.
        """
        try:
            from dask.distributed import Client
        except ImportError:
            raise MachineLacks(
                "--scheduler needs dask.distributed", 'pip install "giaoban[cluster]"'
            ) from None
        try:
            self._client: Any = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                '--scheduler = "{scheduler}": no Dask scheduler answers there: {error}',
                scheduler=scheduler,
                error=error,
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._client.close()

    def as_finished[T, R](self, function: Callable[[T], R], given: Iterable[T]) -> Iterator[R]:
        return self._answers(function, list(given))

    def as_finished_with[K, T, R](
        self, kept: K, function: Callable[[K, T], R], given: Iterable[T]
    ) -> Iterator[R]:
        each = list(given)
        [there] = self._client.scatter([kept], broadcast=True, hash=False)
        return self._answers(function, [there] * len(each), each)

    def _answers(self, function: Callable[..., Any], *given: Sequence[object]) -> Iterator[Any]:
        from dask.distributed import as_completed

        asked = self._client.map(function, *given, pure=False)
        for future in as_completed(asked, loop=self._client.loop):
            yield future.result()


Workers = InlineWorker | WorkerPool | ClusterWorkers
"""Who can be asked to call a function with each of many things."""


def workers_for(jobs: int, scheduler: str | None = None) -> AbstractContextManager[Workers]:
    """Who works out so many at a time: a cluster if there is one, else processes beside us, begun
    before threads are (they are cheaper), or we ourselves.

    Raises:
        InputError, MachineLacks: as `ClusterWorkers`.
    """
    if scheduler is not None:
        return ClusterWorkers(scheduler)
    return nullcontext(InlineWorker()) if jobs == 1 else WorkerPool(jobs)
