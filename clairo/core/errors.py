"""The error tree: every failure a user can cause or mend is one of these.

::

    ClairoError
    ├── ConfigError      a setting, a search space or a command line is wrong (exit code 2)
    ├── DataError        a data file, a picture or a table cannot be used
    ├── ArtifactError    a stored artifact is damaged, missing or of another kind
    ├── StageError       a stage ran and could not finish
    └── SweepError       the study, the executor or the tracker cannot go on

Every message states the rule, the offending value and the cure, in that order, for example
``Mean fusion needs modalities of one width, got {'text': 768, 'image': 512}; reduce both to
the same dim.``
"""

from __future__ import annotations


class ClairoError(Exception):
    """Base of all errors that carry a message meant for the person at the terminal.

    Attributes:
        exit_code: What the process returns when this error reaches the command line.
    """

    exit_code = 1


class ConfigError(ClairoError):
    """A setting is unknown, out of range or contradicts another one."""

    exit_code = 2


class DataError(ClairoError):
    """Input data is missing, malformed or inconsistent."""


class ArtifactError(ClairoError):
    """A stored artifact is missing, damaged or not of the expected kind."""


class StageError(ClairoError):
    """A stage started and could not finish."""


class SweepError(ClairoError):
    """A sweep cannot go on: study, executor or tracker."""
