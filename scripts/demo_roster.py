"""The demo's input: a course's roster, the same on every run."""

import csv
from pathlib import Path


def write_roster(path: Path, count: int) -> None:
    """Write `count` rows as a spreadsheet would: who passed, when, and with how many points."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(("E-Mail", "Name", "Date", "Score"))
        for number in range(1, count + 1):
            day = f"{1 + number % 28:02}.{1 + number % 9:02}.2025"
            learner = f"learner{number}@academy.example", f"Learner {number}"
            rows.writerow((*learner, day, 70 + number % 31))
