"""pyplc_fw: CCS fast charging for cars that never had it."""

__version__ = "0.1.0"
