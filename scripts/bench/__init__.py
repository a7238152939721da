"""Us and others at the same work in the same run: `make bench`, `python -m bench` in scripts/.

What is measured and what each figure means is in docs/performance.md. Nothing here judges by
absolute times between two runs: machines differ, and so do two hours on one machine.
"""
