"""The parts of compare.py and busy_cores.py: what to measure, with which programs, on a quiet machine, and the report."""

import argparse


class ComparisonError(Exception):
    """Something that the user can mend; the message says how."""


def named(text):
    """NAME=VALUE"""
    name, separator, value = text.partition("=")
    if not (name and separator and value):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name, value
