"""What the pages and the areas above may ask of the search."""

from companion.search.indexing import index_posts, index_thread
from companion.search.reading import Found, get_found, list_documents
from companion.search.rebuilding import Progress, rebuild
from companion.search.searching import HITS_A_PAGE, QUERY_LIMIT, Hit, SearchPage, search
from companion.search.suggesting import Suggestion, suggest_answers
from companion.search.vocabulary import learn

__all__ = [
    "HITS_A_PAGE",
    "QUERY_LIMIT",
    "Found",
    "Hit",
    "Progress",
    "SearchPage",
    "Suggestion",
    "get_found",
    "index_posts",
    "index_thread",
    "learn",
    "list_documents",
    "rebuild",
    "search",
    "suggest_answers",
]
