"""Alerts: signals in the outbox go in, messages on people's channels come out. `outbox.py` writes
them in the signal's transaction, `dispatch.py` decides what leaves when, `child.py` is the process
that sends."""
