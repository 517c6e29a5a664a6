"""Values of metrics by epoch, for many runs at a time.

MLflow's client asks for one metric of one run, and a sweep of a thousand runs has thousands of
these. Its database layer and its server answer for many runs at once, with the same points.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mlflow.utils.rest_utils import http_request, verify_rest_response

from clairo.tracking.addresses import is_server

if TYPE_CHECKING:
    from mlflow.entities import Run

    from clairo.tracking.connection import Connection

Curve = tuple[tuple[int, float], ...]
"""(step, value) pairs of a metric, by step."""

RUNS_AT_ONCE, MAX_POINTS = 100, 25_000
"""Most that MLflow's server answers to one request."""

_BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"


class _Point(NamedTuple):
    run_id: str
    timestamp: int
    step: int
    value: float


def read_histories(
    connection: Connection, runs: Sequence[Run], prefix: str
) -> dict[str, dict[str, Curve]]:
    """Per run id the history of its metrics whose names begin with a prefix, sorted by name.

    Of a step that was logged twice, after a restart, the later value.

    Raises:
        SweepError: MLflow cannot be reached or refuses.
    """
    runs_of: dict[str, list[str]] = {}
    for run in runs:
        for key in run.data.metrics:
            if key.startswith(prefix):
                runs_of.setdefault(key, []).append(run.info.run_id)
    found: dict[str, dict[str, Curve]] = {run.info.run_id: {} for run in runs}
    for key in sorted(runs_of):
        for run_id, curve in _read_metric(connection, runs_of[key], key).items():
            found[run_id][key] = curve
    return found


def _read_metric(connection: Connection, run_ids: Sequence[str], key: str) -> dict[str, Curve]:
    points: dict[str, list[_Point]] = {run_id: [] for run_id in run_ids}
    for start in range(0, len(run_ids), RUNS_AT_ONCE):
        for point in _points(connection, run_ids[start : start + RUNS_AT_ONCE], key):
            points[point.run_id].append(point)
    return {run_id: _by_step(found) for run_id, found in points.items()}


def _by_step(points: Sequence[_Point]) -> Curve:
    ordered = sorted(points, key=lambda point: point.timestamp)
    return tuple(sorted({point.step: as_logged(point.value) for point in ordered}.items()))


def as_logged(value: float) -> float:
    """A number as it was given to MLflow, whose databases keep the largest float for infinity.

    Example:
        >>> as_logged(0.25), as_logged(-1.7976931348623157e308)
        (0.25, -inf)
    """
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value


def _points(connection: Connection, run_ids: Sequence[str], key: str) -> list[_Point]:
    """All points of one metric of some runs: fewer runs at a time where an answer was cut."""
    ask = _ask_server if is_server(connection.uri) else _ask_database
    points = connection.call(ask, connection, run_ids, key) if len(run_ids) > 1 else None
    if points is None:
        return [p for run_id in run_ids for p in _points_of_one(connection, run_id, key)]
    if len(points) < MAX_POINTS:
        return points
    middle = len(run_ids) // 2
    halves = (run_ids[:middle], run_ids[middle:])
    return [point for half in halves for point in _points(connection, half, key)]


def _points_of_one(connection: Connection, run_id: str, key: str) -> list[_Point]:
    found = connection.call(connection.client.get_metric_history, run_id, key)
    return [_Point(run_id, int(m.timestamp), int(m.step), float(m.value)) for m in found]


def _ask_database(connection: Connection, run_ids: Sequence[str], key: str) -> list[_Point]:
    store = connection.client._tracking_client.store  # the client has no such call
    return [
        _Point(m.run_id, int(m.timestamp), int(m.step), float(m.value))
        for m in store.get_metric_history_bulk(list(run_ids), key, MAX_POINTS)
    ]


def _ask_server(connection: Connection, run_ids: Sequence[str], key: str) -> list[_Point] | None:
    """What MLflow's own page asks for; ``None`` from a server that has no such address."""
    access = connection.client._tracking_client.store.get_host_creds()
    asked = {"run_id": list(run_ids), "metric_key": key, "max_results": MAX_POINTS}
    response = http_request(access, _BULK, "GET", params=asked)
    if response.status_code == 404:
        return None
    metrics = verify_rest_response(response, _BULK).json()["metrics"]
    return [
        _Point(m["run_id"], int(m["timestamp"]), int(m["step"]), float(m["value"])) for m in metrics
    ]
