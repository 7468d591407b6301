"""The books that Storybook GPT is trained and measured on.

The corpus file holds one paragraph a line, paragraphs separated by a blank line and books by two.
Titles, tables of contents, prefaces by the publisher and licence lines are stripped: each book is
kept from its first story line on. Two whole books are never trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import CorpusError

END_OF_TEXT = "<|endoftext|>"
HELD_OUT = ("Pollyanna", "The Wind in the Willows")


@dataclass(frozen=True)
class BookMarks:
    """Where the story of one book starts and, when something follows it, where it ends."""

    title: str
    first_words: str
    last_words: str | None = None


BOOKS = (
    BookMarks("Alice's Adventures in Wonderland", "Alice was beginning to get very tired", "Lastly, she pictured"),
    BookMarks("Andersen's Fairy Tales", "Many years ago, there was an Emperor"),
    BookMarks("Anne of Green Gables", "|MRS. Rachel Lynde lived just where"),
    BookMarks("Black Beauty", "The first place that I can well remember"),
    BookMarks("Five Children and It", "The house was three miles from the station"),
    BookMarks("Heidi", "From the old and pleasantly situated village"),
    BookMarks("Just So Stories", "IN the sea, once upon a time"),
    BookMarks("Little Women", "\"Christmas won't be Christmas"),
    BookMarks("Ozma of Oz", "The wind blew hard and joggled"),
    BookMarks("Peter Pan", "All children, except one, grow up", "As you look at Wendy"),
    BookMarks("Pollyanna", "Miss Polly Harrington entered her kitchen"),
    BookMarks("The Adventures of Pinocchio", "Centuries ago there lived"),
    BookMarks("The Adventures of Sherlock Holmes", "To Sherlock Holmes she is always THE woman"),
    BookMarks("The Adventures of Tom Sawyer", '"TOM!"'),
    BookMarks("The Jungle Book", "Now Rann the Kite brings home"),
    BookMarks("The Marvelous Land of Oz", "In the Country of the Gillikins", '"You are both rich, my friends,"'),
    BookMarks("The Railway Children", "They were not railway children"),
    BookMarks("The Secret Garden", "When Mary Lennox was sent", "Across the lawn came the Master"),
    BookMarks("The Story of Doctor Dolittle", "ONCE upon a time, many years ago", '"I\'m SURE he will--Go to sleep!"'),
    BookMarks("The Wind in the Willows", "The Mole had been working very hard"),
    BookMarks("The Wonderful Wizard of Oz", "Dorothy lived in the midst of the great Kansas"),
    BookMarks("Treasure Island", "SQUIRE TRELAWNEY, Dr. Livesey"),
)


def strip_front_matter(text: str, marks: BookMarks) -> str:
    """Keep the paragraphs of one book from its first story line to its last.

    Raises
    ------
    CorpusError
        The first or last words are not at the start of a paragraph of `text`.
    """
    paragraphs = [p.strip() for p in text.strip("\n").split("\n\n")]
    paragraphs = [p for p in paragraphs if p]

    def place(words: str, default_last: bool = False) -> int:
        hits = [i for i, p in enumerate(paragraphs) if p.startswith(words)]
        if not hits:
            raise CorpusError(f"{marks.title}: no paragraph starts with {words!r}; is this the expected corpus file?")
        return hits[-1] if default_last else hits[0]

    start = place(marks.first_words)
    end = len(paragraphs) if marks.last_words is None else place(marks.last_words, default_last=True) + 1
    return "\n\n".join(paragraphs[start:end])


def load_books(path: Path) -> dict[str, str]:
    """Read the corpus file into {title: story text}, in the file's order.

    Raises
    ------
    CorpusError
        The file is missing or does not hold the 22 expected books.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CorpusError(f"The corpus {path} cannot be read ({error.strerror}); give --corpus FILE.") from error
    books = text.split("\n\n\n")
    if len(books) != len(BOOKS):
        raise CorpusError(f"{path} holds {len(books)} books where {len(BOOKS)} are expected.")
    return {marks.title: strip_front_matter(book, marks) for book, marks in zip(books, BOOKS, strict=True)}


def split(books: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Divide books into (training, held-out) by title."""
    held_out = {title: books[title] for title in HELD_OUT}
    return {title: text for title, text in books.items() if title not in HELD_OUT}, held_out
