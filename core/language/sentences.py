"""A small set of English sentences to score heads on, so that a score is not one sentence's accident.

Written for this project, the course's own examples first. They vary what heads are known to follow:
pronouns and what they stand for, repeated words and names, lists, questions, quotations, nested
clauses, numbers, negation, and word order.
"""

from __future__ import annotations

SENTENCES: tuple[str, ...] = (
    # The course's own.
    "The quick brown fox jumps over the lazy dog.",
    "The lazy dog was jumped over by the quick brown fox.",
    "The animal didn't cross the street because it was too tired.",
    "The animal didn't cross the street because it was too wide.",
    "This morning I took my cat for a walk along the quiet river.",
    # Pronouns and what they stand for.
    "When Mary met her brother at the station, she gave him the keys to her old flat.",
    "The teachers thanked the students because they had helped to clean their classroom.",
    "My neighbour bought a new bicycle, but he has never ridden it in the rain.",
    # Words and names said again.
    "A rose in the garden is a rose, and a rose in a vase is still a rose.",
    "First the baker called the farmer, and then the farmer called the baker.",
    "Peter painted the door blue, and the next day Peter painted the window blue.",
    "The more we read about the sea, the more we want to see the sea.",
    # Lists.
    "She packed bread, cheese, two apples, a map, and a bottle of water for the journey.",
    "Red, green, blue, and yellow kites flew above the beach all afternoon.",
    # Questions and answers.
    "Where did the children hide the small wooden box that their grandmother gave them?",
    "Is the museum open on Sunday, or do we have to come back on Monday morning?",
    # Speech.
    '"Close the window," said the old man, "because the wind is getting cold."',
    'The doctor asked quietly, "How long have you had this pain?"',
    # Clauses inside clauses.
    "The book that the girl who lives next door wrote last year has won a prize.",
    "Although it had snowed all night, the train that carries the post arrived on time.",
    "If the bridge is closed, drivers who know the valley will take the road by the mill.",
    # Numbers, negation, comparison.
    "In 1998 the village had only 312 inhabitants; today more than 4,000 people live there.",
    "Nobody in the orchestra had ever played the piece before, not even the conductor.",
    "Light travels faster than sound, so we see the lightning before we hear the thunder.",
)
