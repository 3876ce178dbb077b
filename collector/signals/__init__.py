"""Signals: rules as data, one evaluator for live and backtest. Pure: facts in, signals out; no SQL,
no HTTP, no clock. `rules.py` compiles, `evaluator.py` decides, `backtest.py` looks back."""
