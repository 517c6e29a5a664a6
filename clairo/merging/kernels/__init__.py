"""Compiled code of the token merging; importing anything in here imports numba."""
