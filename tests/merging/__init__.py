"""Tests of the token merging."""
