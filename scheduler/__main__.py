"""``python -m scheduler`` is ``roster``."""

from scheduler.cli import main

if __name__ == "__main__":
    main()
