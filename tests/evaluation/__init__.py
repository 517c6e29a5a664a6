"""Tests of clairo.evaluation."""
