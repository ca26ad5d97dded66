"""What came of each scene, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .processes import wall
from .scene import CALLERS_TONES, SERVICE, TONES
from .stage import Ear, Played

NAMES = {hertz: phone for phone, hertz in TONES.items()}


def table(all_played: Iterable[Played]) -> Iterator[str]:
    """Yield a paragraph for each scene: its states, what everybody heard, and what was left."""
    for played in all_played:
        yield f"== {played.scene.name} ({played.caller})"
        yield f"   states  {' → '.join(played.states)}"
        for ear in played.ears:
            yield f"   {ear.phone:<11} heard  {heard(ear)}"
        for phone in sorted({line["leg"].split()[1] for line in played.events if line["leg"]} - {SERVICE}):
            ends = [f"{line['code']} {line['reason']}" for line in played.happened(event="ended")
                    if line["leg"].split()[1] == phone]  # fmt: skip
            yield f"   {phone:<11} ended  {', '.join(ends) or 'STILL THERE'}"
        if cuts := list(cut_times(played)):
            yield "   digit → silence  " + ", ".join(
                f"{digit}: {press * 1000:.0f} ms after the key, {step * 1000:.0f} ms after the service had it"
                for digit, press, step in cuts
            )
        yield f"   left {len(played.left)}, cleared after {played.cleared:.2f} s{'; '.join(['', *played.faults])}"


def heard(ear: Ear) -> str:
    """Return what an ear heard, in order: prompts, and tones by whose they are."""
    sounds = [(prompt.start, prompt.end, str(prompt)) for prompt in ear.prompts]
    sounds += [
        (tone.start, tone.end, "caller" if tone.hertz in CALLERS_TONES else f"tone of {NAMES[tone.hertz]}")
        for tone in ear.tones
    ]
    return ", ".join(f"{what} {start:.1f}-{end:.1f}" for start, end, what in sorted(sounds))


def cut_times(played: Played) -> Iterator[tuple[str, float, float]]:
    """Yield each digit that cut a prompt, and the seconds to silence from the key and from the step."""
    cut = [prompt for prompt in played.ears[0].prompts if not prompt.whole] if played.ears else []
    began = played.ears[0].began if played.ears else 0
    steps = [step for step in played.steps if step["reason"].startswith("digit pressed")]
    for press, step in zip(
        played.happened(event="pressed", leg=f"{played.caller} {SERVICE} 1"), steps, strict=False
    ):
        at = float(press["at"])
        for prompt in cut:
            if 0 < began + prompt.end - at < 2:
                yield press["digits"], began + prompt.end - at, began + prompt.end - wall(step)
                break
