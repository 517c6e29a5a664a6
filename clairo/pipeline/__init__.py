"""A whole pipeline: its configuration, what must run, running it, and running it as a trial."""
