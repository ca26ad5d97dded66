"""What came of each scene, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .played import Ear, Played
from .processes import wall
from .scene import RINGING, SERVICE, TONES

NAMES = {RINGING: "ringing", **{hertz: f"tone of {phone}" for phone, hertz in TONES.items()}}


def table(all_played: Iterable[Played]) -> Iterator[str]:
    """Yield a paragraph for each scene: its states, what everybody heard, and what was left."""
    for played in all_played:
        yield f"== {played.scene.name} ({played.caller})"
        yield f"   states  {' → '.join(played.states)}"
        for ear in played.ears:
            yield f"   {ear.phone:<11} heard  {heard(ear)}"
        yield from _ends(played)
        for digit, press, step in cut_times(played):
            from_key, from_step = round(press * 1000), round(step * 1000)
            yield f"   {digit} → silence {from_key} ms after the key, {from_step} ms after the service had it"
        faults = f"; {'; '.join(played.faults)}" if played.faults else ""
        yield f"   left {len(played.left)}, cleared after {played.cleared:.2f} s{faults}"


def heard(ear: Ear) -> str:
    """Return what an ear heard, in order: prompts, and tones by whose they are; rings in a row as one."""
    sounds = [(prompt.start, prompt.end, str(prompt)) for prompt in ear.prompts]
    sounds += [(tone.start, tone.end, NAMES.get(tone.hertz, "caller")) for tone in ear.tones]
    merged: list[tuple[float, float, str]] = []
    for start, end, what in sorted(sounds):
        rang_on = bool(merged) and merged[-1][2] == what == NAMES[RINGING]
        merged.append((merged.pop()[0] if rang_on else start, end, what))
    return ", ".join(f"{what} {start:.1f}-{end:.1f}" for start, end, what in merged)


def _ends(played: Played) -> Iterator[str]:
    ended = {line["leg"]: f"{line['code']} {line['reason']}" for line in played.happened(event="ended")}
    for line in played.happened(event="incoming"):
        yield f"   {line['called']:<11} ended  {ended.get(line['leg'], 'NOT AT ALL')}"


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
