"""The `pyplc` command: argument parsing and printing only."""
