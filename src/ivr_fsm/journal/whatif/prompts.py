"""The prompts that a modelled call waits for, each as long as it was heard in the recordings.

What a caller hears while phones ring leads nowhere, so the model leaves it out.
"""

from __future__ import annotations

from functools import partial

from ivr_fsm.flow.events import Event, PromptFinished
from ivr_fsm.flow.record import Call
from ivr_fsm.journal.whatif.agenda import Agenda
from ivr_fsm.journal.whatif.lengths import Length, Lengths, Prompt


class Prompts:
    """What is said to the caller of *call*.

    Args:
        agenda: where the ends become due.
        call: the call.
        recorded: how long prompts last in the recording of it.
        sample: and in all recordings.
    """

    def __init__(self, agenda: Agenda, call: Call, recorded: Lengths, sample: Lengths) -> None:
        self._agenda = agenda
        self._call = call
        self._recorded = recorded
        self._sample = sample
        self._times: dict[Prompt, int] = {}

    def play(self, code: str, token: str) -> None:
        """A prompt begins."""
        if token != self._call.awaited:
            return
        prompt = Prompt(self._call.plan.prompts.language, code)
        times = self._times[prompt] = self._times.get(prompt, 0) + 1
        if length := self._recorded.nth(prompt, times) or self._sample.typical(prompt):
            self._agenda.later(length.seconds, partial(self._end, token, length))
            return
        self._agenda.unknown_after(
            self._sample.at_least(prompt),
            lambda: self._call.awaited == token,
            f"the caller waits for the end of {code}, which was not heard to its end in any call",
            slack=0,
        )

    def _end(self, token: str, length: Length) -> Event | None:
        return PromptFinished(token, length.result) if self._call.awaited == token else None
