"""The report of a search as one HTML file: what it found, how, and how far to trust it."""

from nas.report.page.page import Family, FamilyOf, Page, made, write_report
from nas.report.page.record import FinishedSearch, read_search

__all__ = ["Family", "FamilyOf", "FinishedSearch", "Page", "made", "read_search", "write_report"]
