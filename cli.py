"""``python cli.py …`` is the same as ``dispatch …``."""

from dispatch.__main__ import main

if __name__ == "__main__":
    main()
