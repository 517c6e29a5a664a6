"""One module for each command of ``clairo``."""
