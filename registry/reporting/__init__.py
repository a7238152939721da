"""Reports of an audit for people and spreadsheets: a page, a table, lines for a terminal.

Decides nothing: what a report says was found by the audit. Same report, same bytes.
"""

from registry.reporting.page import html_report
from registry.reporting.table import anchors_csv
from registry.reporting.terminal import summary_lines

__all__ = ["anchors_csv", "html_report", "summary_lines"]
