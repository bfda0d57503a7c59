"""The query language: which tradable products are asked for, as an object or as text, read into one form."""

from simulator.catalogue.query_object import read_object
from simulator.catalogue.query_terms import Misread, Term
from simulator.catalogue.query_text import read_text
from simulator.terms import Refusal

__all__ = ["parse_query"]


def parse_query(query: object) -> Term | Refusal:
    """Return the query that decoded JSON states, an object or a string expression, or why it states none."""
    try:
        return read_text(query) if isinstance(query, str) else read_object(query)
    except Misread as misread:
        where = f"`$.query`: {misread.where}" if isinstance(query, str) else f"`$.query{misread.where}`"
        return Refusal(f"{where}: {misread.what}")
