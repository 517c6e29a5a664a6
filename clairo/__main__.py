"""``python -m clairo`` is the ``clairo`` command."""

from clairo.cli import main

if __name__ == "__main__":
    main()
