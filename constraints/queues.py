"""Queues: who can answer which, and the split of heads that leaves the fewest short.

A person answers one queue at a time. However heads are split, a group of queues is
short of at least what it needs beyond those who can answer any of it; and by Hall's
theorem (P. Hall, 1935; Ford and Fulkerson's cuts say the same) the group that is short
of most tells the best that can be done.
"""

from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MOST_QUEUES = 8
NONE = np.iinfo(np.int64).min
Heads = NDArray[np.int64]


class SkillSets:
    """The distinct sets of queues that people can answer.

    Parameters
    ----------
    answers
        Whether a person can answer a queue; shape ``(agents, queues)``.

    Attributes
    ----------
    sets
        Distinct rows of it; shape ``(sets, queues)``.
    of
        Which of them each person has; shape ``(agents,)``.

    Examples
    --------
    >>> skills = SkillSets(np.array([[1, 0], [1, 1], [0, 1]], bool))
    >>> need = np.array([[2], [1]])
    >>> skills.short(need, skills.heads([0, 1]))  # two people for three
    array([1])
    """

    def __init__(self, answers: NDArray[np.bool_]) -> None:
        if answers.shape[1] > MOST_QUEUES:
            raise ValueError(
                f"Expected at most {MOST_QUEUES} queues, got {answers.shape[1]}."
            )
        sets, of = np.unique(answers, axis=0, return_inverse=True)
        self.sets, self.of = np.asarray(sets, bool), of.reshape(-1)

    @cached_property
    def able(self) -> NDArray[np.bool_]:
        """Sets that can answer any queue at all; shape ``(sets,)``."""
        return np.asarray(self.sets.any(axis=1))

    @cached_property
    def groups(self) -> NDArray[np.bool_]:
        """All groups of queues; shape ``(groups, queues)``."""
        queues = self.sets.shape[1]
        groups = [
            [queue in group for queue in range(queues)]
            for size in range(1, queues + 1)
            for group in combinations(range(queues), size)
        ]
        return np.array(groups, bool)

    @cached_property
    def tight(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Groups that can be short of most, and which sets can answer each.

        Of groups that the same people can answer, only the largest counts. Shapes
        ``(groups, queues)`` and ``(groups, sets)``.
        """
        largest: dict[bytes, NDArray[np.bool_]] = {}
        for group in self.groups:
            helps = self.helps(group[None])[0].tobytes()
            largest[helps] = largest.get(helps, group) | group
        groups = np.array(list(largest.values()))
        return groups, self.helps(groups)

    def helps(self, groups: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return whether a set can answer any queue of a group; ``(groups, sets)``."""
        return np.asarray(groups.astype(int) @ self.sets.T.astype(int) > 0)

    def heads(self, people: list[int]) -> Heads:
        """Return how many of some people have each set; shape ``(sets, 1)``."""
        return np.bincount(self.of[people], minlength=len(self.sets))[:, None]

    def short(self, need: Heads, heads: Heads) -> Heads:
        """Return the fewest heads that any split leaves short; ``(intervals,)``.

        Parameters
        ----------
        need
            Shape ``(queues, intervals)``.
        heads
            On the phone, by set; shape ``(sets, intervals)``.
        """
        groups, helps = self.tight
        beyond = groups.astype(int) @ need - helps.astype(int) @ heads
        return np.asarray(np.maximum(0, beyond.max(axis=0)))

    def split(self, need: Heads, heads: Heads) -> Heads:
        """Return a split that leaves the fewest short; ``(sets, queues, intervals)``.

        Heads beyond every need answer the busiest queue they can.
        """
        left, lack = heads.copy(), np.maximum(0, need)
        given = np.zeros((*self.sets.shape, heads.shape[1]), np.int64)
        least = self.short(lack, left)
        helps = self.helps(self.groups)
        for number in np.argsort(self.sets.sum(axis=1), kind="stable"):
            for queue in np.flatnonzero(self.sets[number]):
                # One that answers this queue is lost to the groups without it.
                rival = ~self.groups[:, queue] & helps[:, number]
                spare = np.minimum(left[number], lack[queue])
                if rival.any():
                    beyond = self.groups[rival].astype(int) @ lack
                    beyond -= helps[rival].astype(int) @ left
                    spare = np.minimum(spare, least - beyond.max(axis=0))
                given[number, queue] += spare
                left[number] -= spare
                lack[queue] -= spare
        for number, known in enumerate(self.sets):
            if known.any():
                busiest = np.where(known[:, None], need, NONE).argmax(axis=0)
                at = np.arange(heads.shape[1])
                given[number, busiest, at] += left[number]
        return given
