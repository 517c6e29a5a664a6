"""What Ray is told before it is imported, and which of our variables its workers need."""

from __future__ import annotations

import os
from typing import Final

# No telemetry, no rebuilding of environments, no token that only a shared cluster needs; trials
# are logged by our tracker, not by Tune's three loggers; and Ctrl-C is ours, because Tune would
# end its loop and return as if all were done.
_SETTINGS: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


def prepare_ray() -> None:
    """Sets the variables that Ray reads when it is imported, where they are not set already."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)


def inherited_variables() -> dict[str, str]:
    """Variables of this process that every worker needs to behave like it."""
    names = ("MLFLOW_DISABLE_TELEMETRY", "HF_HUB_OFFLINE", "CLAIRO_CACHE")
    return {name: os.environ[name] for name in names if name in os.environ}
