"""Asking for pictures until every item has one or no address is left.

Threads ask; one thread, the caller's, decodes, stores and writes the manifest, so that what
is there is whole whenever the process ends.
"""

from __future__ import annotations

import hashlib
import queue
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urljoin

from clairo.datasets.mirrors import without_password
from clairo.datasets.picture_client import (
    Answer,
    BadAddressError,
    PictureClient,
    TooLargeError,
    TroubleError,
)
from clairo.datasets.picture_decoding import NoPictureError, TooManyPixelsError, stored_picture
from clairo.datasets.picture_files import PictureFolder
from clairo.datasets.picture_manifest import Manifest, ManifestRow, Outcome, Why
from clairo.datasets.picture_plan import PicturePlan, worst_cured
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.picture_turns import Job, Turns, retry_after_seconds
from clairo.datasets.public_addresses import PrivateAddressError

_TEMPORARY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_PAUSE_STATUS = frozenset({429, 503})
_GONE_STATUS = frozenset({404, 410})


@dataclass(frozen=True)
class _Reply:
    """What came of one request; ``given_up`` where none was made."""

    job: Job
    answer: Answer | None = None
    error: Exception | None = None
    given_up: str | None = None


@dataclass
class Tally:
    """What has been done so far.

    Attributes:
        fetched: Items that have a picture now.
        duplicates: Of these, those whose picture another item has as well.
        num_bytes: Bytes that came.
        missing: Why items have none.
    """

    fetched: int
    duplicates: int
    num_bytes: int
    missing: dict[str, Why]


class PictureRun:
    """One run over the items of a plan."""

    def __init__(
        self, plan: PicturePlan, manifest: Manifest, folder: PictureFolder, policy: PicturePolicy
    ) -> None:
        """Takes what is to be asked, and where it goes.

        Args:
            plan: Items and addresses.
            manifest: Told what became of each address.
            folder: Takes the pictures.
            policy: How many at a time, how patiently, and what is accepted.
        """
        self._manifest, self._folder, self._policy = manifest, folder, policy
        self._turns = Turns(policy)
        self._replies: queue.SimpleQueue[_Reply] = queue.SimpleQueue()
        # Answers wait for the one thread that decodes, not many at a time.
        self._room = threading.Semaphore(2 * policy.threads)
        self._left = {item: deque(urls) for item, urls in plan.wanted.items()}
        self._reasons: dict[str, list[Why]] = {item: [] for item in plan.wanted}
        self._waiting: dict[str, list[str]] = {}
        self._by_url: dict[str, ManifestRow] = {}
        self._by_digest: dict[str, ManifestRow] = {}
        for row in manifest.rows.values():
            self._remember(row)
        self.tally = Tally(0, 0, 0, {})

    @property
    def hosts_given_up(self) -> dict[str, str]:
        """Hosts that failed too often, and why."""
        return self._turns.all_given_up()

    def run(self, client: PictureClient, reached: Callable[[int], None]) -> None:
        """Asks until no item is left.

        Args:
            client: Makes the requests.
            reached: Told the number of items that are settled.

        Raises:
            ConfigError: A proxy cannot be used.
            OSError: A picture or the manifest cannot be written.
        """
        total = len(self._left)
        for number in range(min(self._policy.threads, total)):
            # Daemons: after Ctrl-C nobody waits for a silent server, and they write nothing.
            threading.Thread(
                target=self._work, args=(client,), name=f"pictures-{number}", daemon=True
            ).start()
        try:
            for item in list(self._left):
                self._next(item)
            while self._left:
                reply = self._replies.get()
                self._room.release()
                self._settle(reply)
                reached(total - len(self._left))
        finally:
            self._turns.close()
            self._room.release(self._policy.threads)

    def _work(self, client: PictureClient) -> None:
        while (job := self._turns.take()) is not None:
            reply = self._asked(client, job)
            self._turns.finished(job)
            self._replies.put(reply)
            self._room.acquire()

    def _asked(self, client: PictureClient, job: Job) -> _Reply:
        """One request, and what it tells about the host."""
        reason = self._turns.given_up(job.host)
        if reason is not None:
            return _Reply(job, given_up=reason)
        try:
            answer = client.get(job.target)
        except TroubleError as error:
            self._turns.failed(job.host, str(error))
            return _Reply(job, error=error)
        except Exception as error:  # noqa: BLE001 - raised again where the run is waited for
            return _Reply(job, error=error)
        self._judge(job.host, answer)
        return _Reply(job, answer)

    def _judge(self, host: str, answer: Answer) -> None:
        if answer.status not in _TEMPORARY_STATUS:
            self._turns.answered(host)
            return
        reason = f"it answers {answer.status}"
        asked = retry_after_seconds(answer.retry_after, datetime.now(UTC))
        if asked is not None and answer.status in _PAUSE_STATUS:
            self._turns.pause(host, asked, reason)
        else:
            self._turns.failed(host, reason)

    def _settle(self, reply: _Reply) -> None:
        """Decides what follows from a reply."""
        job, answer = reply.job, reply.answer
        if reply.given_up is not None:
            for item in self._waiting.pop(job.url):
                self._reasons[item].append("given_up")
                self._next(item)
        elif reply.error is not None:
            self._settle_error(job, reply.error)
        elif answer is None or answer.status in _TEMPORARY_STATUS:
            status = answer.status if answer else None
            self._again(job, f"the server answered {status}", status)
        elif answer.location:
            self._follow(job, answer)
        elif answer.is_success:
            self._take(job, answer)
        else:
            outcome: Outcome = "not_found" if answer.status in _GONE_STATUS else "refused"
            self._close(job, outcome, f"the server answered {answer.status}", answer.status)

    def _settle_error(self, job: Job, error: Exception) -> None:
        if isinstance(error, TroubleError):
            self._again(job, str(error), None)
        elif isinstance(error, PrivateAddressError):
            self._close(job, "private_address", str(error))
        elif isinstance(error, BadAddressError):
            self._close(job, "bad_address", str(error))
        elif isinstance(error, TooLargeError):
            self._close(job, "too_large", str(error), 200)
        else:
            raise error

    def _again(self, job: Job, reason: str, status: int | None) -> None:
        """Asks once more after a pause, or leaves the address for the next run."""
        if job.attempts + 1 >= self._policy.attempts:
            self._close(job, "failed", reason, status)
            return
        pause = self._policy.backoff_seconds * 2**job.attempts * random.uniform(0.5, 1.5)  # noqa: S311
        self._turns.add(job.again(), pause)

    def _follow(self, job: Job, answer: Answer) -> None:
        target = without_password(urljoin(job.target, answer.location))
        if target in (*job.trail, job.target):
            self._close(job, "redirects", f"redirects lead back to {target}", answer.status)
        elif len(job.trail) >= self._policy.max_redirects:
            reason = f"more than {self._policy.max_redirects} redirects, lastly to {target}"
            self._close(job, "redirects", reason, answer.status)
        else:
            self._turns.add(job.redirected(target))

    def _take(self, job: Job, answer: Answer) -> None:
        """Stores what came, if it is a picture."""
        self.tally.num_bytes += len(answer.body)
        digest = hashlib.sha256(answer.body).hexdigest()
        row = self._row(job, "stored", answer.status)
        row = replace(row, bytes=len(answer.body), sha256=digest, max_side=self._policy.max_side)
        item = self._waiting[job.url][0]
        same = self._by_digest.get(digest)
        if same is not None and self._folder.has(same.file):
            name = self._folder.share(item, same.file)
            row = replace(row, file=name, width=same.width, height=same.height)
            self._finish(job.url, row, is_duplicate=True)
            return
        try:
            picture = stored_picture(answer.body, self._policy)
        except (NoPictureError, TooManyPixelsError) as error:
            is_bomb = isinstance(error, TooManyPixelsError)
            outcome: Outcome = "too_many_pixels" if is_bomb else "not_a_picture"
            self._finish(job.url, replace(row, outcome=outcome, reason=str(error), max_side=0))
            return
        name = self._folder.put(item, picture)
        row = replace(row, file=name, width=picture.width, height=picture.height)
        self._finish(job.url, row)

    def _close(self, job: Job, outcome: Outcome, reason: str, status: int | None = None) -> None:
        self._finish(job.url, replace(self._row(job, outcome, status), reason=reason))

    def _row(self, job: Job, outcome: Outcome, status: int | None) -> ManifestRow:
        return ManifestRow(
            item=self._waiting[job.url][0],
            url=job.url,
            outcome=outcome,
            when=_now(),
            status=status,
            final_url=job.target if job.trail else "",
            attempts=job.attempts + 1,
        )

    def _finish(self, url: str, row: ManifestRow, is_duplicate: bool = False) -> None:
        """Writes what became of an address, and tells all items that wait for it."""
        first, *others = self._waiting.pop(url)
        self._record(row, is_duplicate)
        if row.outcome != "stored":
            self._next(first)
        for item in others:
            if not self._reuse(item, row):
                self._next(item)

    def _record(self, row: ManifestRow, is_duplicate: bool) -> None:
        self._manifest.add(row)
        self._remember(row)
        # Also failures: in this run another item does not ask for the same address again.
        self._by_url[row.url] = row
        if row.outcome == "stored":
            self.tally.fetched += 1
            self.tally.duplicates += is_duplicate
            del self._left[row.item]
        else:
            self._reasons[row.item].append(row.outcome)

    def _remember(self, row: ManifestRow) -> None:
        if row.outcome == "stored" and row.max_side == self._policy.max_side:
            self._by_url[row.url] = row
            self._by_digest[row.sha256] = row

    def _next(self, item: str) -> None:
        """Goes on with the next address of an item, which others may be asking for already."""
        for url in _drained(self._left[item]):
            known = self._by_url.get(url)
            if known is not None and (known.outcome != "stored" or self._folder.has(known.file)):
                if self._reuse(item, known):
                    return
                continue
            if url in self._waiting:
                self._waiting[url].append(item)
            else:
                self._waiting[url] = [item]
                self._turns.add(Job(item, url, url))
            return
        del self._left[item]
        self.tally.missing[item] = worst_cured(self._reasons[item])

    def _reuse(self, item: str, known: ManifestRow) -> bool:
        """Gives an item what another one's same address gave; whether that is a picture."""
        row = replace(known, item=item, when=_now(), attempts=0)
        if known.outcome == "stored":
            row = replace(row, file=self._folder.share(item, known.file))
        self._record(row, is_duplicate=True)
        return known.outcome == "stored"


def _drained(urls: deque[str]) -> Iterator[str]:
    while urls:
        yield urls.popleft()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
