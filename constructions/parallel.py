"""Run a compiled kernel over ranges of independent items on several threads.

The kernels release the interpreter lock, write to disjoint slices of their outputs and know nothing of each other,
so the result does not depend on the number of threads. Threads of the standard library instead of numba's
``parallel=True``: no threading layer to choose, no trouble with forked processes, a quarter of the compile time,
and Ctrl-C acts after at most one range.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import numba

RangeTask = Callable[[int, int], None]
Progress = Callable[[int, int], None]


def thread_count() -> int:
    """Number of threads in use: numba's setting (``numba.set_num_threads``, ``NUMBA_NUM_THREADS``)."""
    return int(numba.get_num_threads())


def run_ranges(task: RangeTask, count: int, size: int, progress: Progress | None = None) -> None:
    """Call ``task(start, stop)`` for consecutive ranges of at most ``size`` items covering ``range(count)``.

    ``progress(done, count)`` is called from the caller's thread after each finished range. An exception of a task, or
    an interrupt, stops the ranges that have not started and is raised to the caller.
    """
    starts = range(0, count, size)
    threads = min(thread_count(), len(starts))
    if threads <= 1:
        _run_serial(task, starts, count, size, progress)
        return
    with ThreadPoolExecutor(threads) as pool:
        lengths = {start: min(size, count - start) for start in starts}
        futures = {pool.submit(task, start, start + length): length for start, length in lengths.items()}
        try:
            _drain(futures, count, progress)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _run_serial(task: RangeTask, starts: range, count: int, size: int, progress: Progress | None) -> None:
    for start in starts:
        stop = min(start + size, count)
        task(start, stop)
        if progress is not None:
            progress(stop, count)


def _drain(futures: dict[Future[None], int], count: int, progress: Progress | None) -> None:
    pending, done_items = set(futures), 0
    while pending:
        finished, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in finished:
            future.result()
            done_items += futures[future]
        if progress is not None:
            progress(done_items, count)
