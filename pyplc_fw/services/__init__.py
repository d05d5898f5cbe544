"""The programs: configuration -> wiring -> run."""
