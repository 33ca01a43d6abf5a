"""``python -m oncue`` is the command ``oncue``."""

from oncue.cli.main import main

if __name__ == "__main__":
    main()
