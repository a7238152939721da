"""Load on a real API for minutes on end: `make soak`, `python -m load` in scripts/.

Not a benchmark: it judges what fails, leaks or never ends, and only reports how fast it was. How
and how it went is in docs/performance.md.
"""
