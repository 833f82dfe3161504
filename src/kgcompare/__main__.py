"""``python -m kgcompare``: the command line."""

from kgcompare.cli import main

if __name__ == "__main__":
    main()
