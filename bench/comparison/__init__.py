"""The parts of compare.py: what to measure, with which programs, on a quiet machine, and the report."""


class ComparisonError(Exception):
    """Something that the user can mend; the message says how."""
