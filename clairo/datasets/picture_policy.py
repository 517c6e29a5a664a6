"""How pictures are asked for: how many at a time, how patiently, and what is accepted."""

from __future__ import annotations

from typing import Final

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from clairo.core.config import Config

MIN_SIDE: Final = 32
"""A smaller longest side would leave an encoder nothing to see."""


class PicturePolicy(Config):
    """Settings of fetching pictures.

    Attributes:
        max_side: Longest side in pixels of a stored picture; larger ones are made smaller.
        per_host: Connections to one host at the same time.
        gap_seconds: Least time between the beginnings of two requests to one host.
        threads: Connections in all at the same time.
        connect_seconds: Longest wait for a connection to one address.
        silence_seconds: Longest time without a byte.
        total_seconds: Longest time of one request, headers and body, however it drips.
        attempts: Requests of one address before it is left for the next run.
        backoff_seconds: First pause between them; it doubles each time and is varied by half.
        longest_wait_seconds: Longest pause that a host may ask for by Retry-After; one that
            asks for more is given up for this run.
        host_failures: Failures in a row after which a host is given up for this run.
        max_bytes: Most bytes of a picture as it comes.
        max_pixels: Most pixels of a picture as it comes, judged by its header.
        max_redirects: Most redirects of one address.
        allow_private: Whether hosts in private, loopback and other networks that are not
            public may be asked.
        retry_failed: Whether addresses that failed for good are asked again.
    """

    max_side: int = Field(default=512, ge=MIN_SIDE)
    per_host: PositiveInt = 4
    gap_seconds: NonNegativeFloat = 0.05
    threads: PositiveInt = 16
    connect_seconds: PositiveFloat = 10.0
    silence_seconds: PositiveFloat = 15.0
    total_seconds: PositiveFloat = 60.0
    attempts: PositiveInt = 4
    backoff_seconds: NonNegativeFloat = 0.5
    longest_wait_seconds: NonNegativeFloat = 120.0
    host_failures: PositiveInt = 8
    max_bytes: PositiveInt = 20_000_000
    max_pixels: PositiveInt = 50_000_000
    max_redirects: NonNegativeInt = 5
    allow_private: bool = False
    retry_failed: bool = False
