"""Bytes in, a safe store out: takes what the script sends, keeps it, and serves the API and the
pages."""

__version__ = "0.1.0"
