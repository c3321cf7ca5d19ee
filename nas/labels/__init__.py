"""Labels: what networks of a space were measured to be worth, read from a table of results."""

from nas.labels.measured import Labels
from nas.labels.reading import read_labels

__all__ = ["Labels", "read_labels"]
