"""Where the jobs of a batch run: processes of this machine, or a Dask cluster."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from scheduler.engine.solver import cores
from scheduler.job import Answer, Job, run_job

LOCAL_CLUSTER = "local-cluster"
REACH = 10.0  # seconds to reach a scheduler, or for a worker to appear
AHEAD = 2  # jobs handed to a cluster for each it can run at once, so that none waits


class MissingExtraError(RuntimeError):
    """What was asked for needs packages that are not installed."""


@dataclass(frozen=True)
class Pool:
    """Takes jobs.

    Attributes
    ----------
    submit
        Begins a job, or queues it; what comes back will hold its answer.
    room
        Says how many jobs it is worth to have submitted at once, as of now.
    beside
        How many jobs share the memory of one machine.
    """

    submit: Callable[[Job], "Future[Answer]"]
    room: Callable[[], int]
    beside: int


@contextmanager
def pool(on: str | None, jobs: int, workers: int) -> Iterator[Pool]:
    """Give where jobs run; what runs on this machine ends with it.

    Parameters
    ----------
    on
        None for processes of this machine; ``local-cluster`` for a Dask cluster of its
        own; the address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``.
    jobs
        How many at once; 0 = what this machine's cores allow. A cluster that is there
        already has as many as its workers have threads.
    workers
        Processes of each job.

    Raises
    ------
    MissingExtraError
        Where Dask is asked for and not installed.
    OSError
        Where no scheduler answers, or it has no workers.
    """
    count = jobs or max(1, cores() // workers)
    if on is None:
        threads, halt = ThreadPoolExecutor(count), threading.Event()
        run = partial(run_job, stop=halt)
        try:
            yield Pool(lambda job: threads.submit(run, job), lambda: count, count)
        finally:
            halt.set()
            threads.shutdown(cancel_futures=True)
        return
    with _client(on, count) as client:
        # Where a worker is lost, the scheduler has its jobs run elsewhere.
        executor = client.get_executor(pure=False)
        try:
            yield Pool(
                lambda job: executor.submit(run_job, job),
                lambda: AHEAD * max(1, sum(client.nthreads().values())),
                _most_on_one_machine(client),
            )
        finally:
            executor.shutdown(wait=False)


@contextmanager
def _client(on: str, count: int) -> Iterator[Any]:
    """Give a client of a Dask cluster that has a worker."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise MissingExtraError(
            'A cluster needs Dask: pip install "rosterwright[cluster]".'
        ) from None
    if on == LOCAL_CLUSTER:
        with (
            LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(on, timeout=REACH, set_as_default=False)
    except (OSError, ValueError) as error:
        words = f"No Dask scheduler answers there ({type(error).__name__})"
        raise OSError(None, words, on) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=REACH)
        except TimeoutError as error:
            words = "The Dask scheduler there has no workers"
            raise OSError(None, words, on) from error
        yield client


def _most_on_one_machine(client: Any) -> int:
    """Return the most threads that workers of one machine have together."""
    threads: Counter[str] = Counter()
    for worker in client.scheduler_info(n_workers=-1)["workers"].values():
        threads[worker["host"]] += worker["nthreads"]
    return max(threads.values(), default=1)
