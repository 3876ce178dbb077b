"""Bytes in, frames out: turns recorded batches into the page as it looked at any moment. No HTTP, no SQL, no clock."""
