"""The vocabulary of the project: configurations, fingerprints, artifacts, stages, errors."""
