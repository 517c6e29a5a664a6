"""Trials on this machine without Ray: in this process, or in processes of their own.

One worker runs in the calling process. Several run in spawned processes that live as long as
the executor works on one source; each has a pipe of its own, so a worker that dies is noticed
at once, costs only its own trial, and is replaced.
"""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing.connection import Connection, wait
from typing import Any

from clairo.core.errors import SweepError
from clairo.sweep.guarded_run import Run, environment, run_assignment, thread_variables
from clairo.sweep.source import (
    Assignment,
    Dispatcher,
    OnEvent,
    TrialSource,
    ignore_event,
    lost_outcome,
)

_JOIN_SECONDS = 5.0


class LocalExecutor:
    """Runs trials in local processes.

    Args:
        workers: Trials at a time; 1 runs them in this process.
        num_threads: Threads for every native pool of a worker process.
    """

    def __init__(self, workers: int = 1, num_threads: int = 1) -> None:
        self.workers = workers
        self._variables = thread_variables(num_threads)

    def execute(self, source: TrialSource, run: Run, on_event: OnEvent = ignore_event) -> None:
        """Runs all trials of a source; see :class:`~clairo.sweep.source.Executor`."""
        dispatcher = Dispatcher(source, on_event)
        if self.workers == 1:
            _run_here(dispatcher, run)
            return
        slots = [_Slot(run, self._variables) for _ in range(self.workers)]
        try:
            while _fill(slots, dispatcher):
                _listen(slots, dispatcher)
        finally:
            for slot in slots:
                slot.close()


def _run_here(dispatcher: Dispatcher, run: Run) -> None:
    while (assignment := dispatcher.take()) is not None:
        taken = assignment

        def report(epoch: int, value: float, taken: Assignment = taken) -> None:
            dispatcher.rung(taken, epoch, value)

        dispatcher.finish(taken, run_assignment(taken, run, report))


def _fill(slots: list[_Slot], dispatcher: Dispatcher) -> bool:
    """Gives idle slots work; False when everything is done."""
    for slot in slots:
        if slot.assignment is None:
            assignment = dispatcher.take()
            if assignment is None:
                break
            slot.start(assignment)
    return any(slot.assignment is not None for slot in slots)


def _listen(slots: list[_Slot], dispatcher: Dispatcher) -> None:
    """Waits for a message or a death, and passes on what came."""
    busy = [slot for slot in slots if slot.assignment is not None]
    ready = wait([slot.pipe for slot in busy if slot.pipe is not None])
    for slot in busy:
        if slot.pipe not in ready:
            continue
        assignment = slot.assignment
        assert assignment is not None
        kind, content = slot.receive()
        if kind == "rung":
            dispatcher.rung(assignment, *content)
        elif kind == "stop":
            raise SweepError(content)
        else:
            dispatcher.finish(assignment, content)


class _Slot:
    """A worker process, started when it first gets work and again after a death."""

    def __init__(self, run: Run, variables: dict[str, str]) -> None:
        self._run = run
        self._variables = variables
        self._process: Any = None
        self.pipe: Connection | None = None
        self.assignment: Assignment | None = None

    def start(self, assignment: Assignment) -> None:
        self.assignment = assignment
        if self._process is None:
            self._spawn()
        assert self.pipe is not None
        self.pipe.send(assignment)

    def receive(self) -> tuple[str, Any]:
        """(``rung``, (epoch, value)), (``outcome``, outcome) or (``stop``, reason)."""
        assert self.pipe is not None
        assert self.assignment is not None
        try:
            kind, content = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            kind, content = "outcome", self._lost(self.assignment)
        if kind != "rung":
            self.assignment = None
        return kind, content

    def close(self) -> None:
        """Ends the process; a trial that still runs is cut off."""
        if self._process is None:
            return
        assert self.pipe is not None
        self.pipe.close()
        if self.assignment is not None:
            self._process.terminate()
        self._process.join(_JOIN_SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self._process.close()
        self._process = self.pipe = None

    def _spawn(self) -> None:
        # Spawned, not forked: a fork would copy torch's and faiss's locked thread pools.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        with environment(self._variables):
            self._process = context.Process(target=_serve, args=(theirs, self._run), daemon=True)
            self._process.start()
        theirs.close()

    def _lost(self, assignment: Assignment) -> Any:
        self._process.join(_JOIN_SECONDS)
        code = self._process.exitcode
        self.close()
        message = f"A worker must outlive its trial, this one died (exit code {code})."
        return lost_outcome(assignment.spec, message, transient=True)


def _serve(pipe: Connection, run: Run) -> None:
    """Runs what comes through the pipe until the driver closes it, or is gone."""
    # Ctrl-C reaches the whole process group; the driver decides what happens to the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            assignment = pipe.recv()
            pipe.send(_answer(pipe, assignment, run))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _answer(pipe: Connection, assignment: Assignment, run: Run) -> tuple[str, Any]:
    def report(epoch: int, value: float) -> None:
        pipe.send(("rung", (epoch, value)))

    try:
        return "outcome", run_assignment(assignment, run, report)
    except SweepError as error:
        return "stop", str(error)
