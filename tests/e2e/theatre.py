"""The groups of scenes, each with its service: started, spoilt, killed or not there at all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from . import ears
from .channel import Channel
from .houses import HURRIED, PATIENT, PRESSED, SHORT_RING, SPOILT, TELLING, directory
from .listener import TOKEN, Listened, listen
from .processes import REPOSITORY, News, Service
from .scene import CENTRE, Scene
from .scenes import GROUPS
from .stage import Played, Stage
from .switch import RealSwitch, free_ports
from .trunk import Trunk

PROMPTS = REPOSITORY / "prompts"
PLANS = {
    "fast": HURRIED,
    "patient": PATIENT,
    "broken": SPOILT,
    "killed": SHORT_RING,
    "told": TELLING,
    "buttons": PRESSED,
    "backs": PRESSED,
}
WATCHED = ("buttons", "backs")
"""The groups whose calls are told to a channel."""


class Theatre:
    """A switch with its trunk, and each group of scenes when it is first asked for."""

    def __init__(self, program: str, folder: Path) -> None:
        """Start the switch; see `RealSwitch` for *program*."""
        self._news = News()
        (self._service_port,) = free_ports(1)
        self.trunk = Trunk()
        self.channel = Channel()
        self.switch = RealSwitch(
            program,
            folder / "switch",
            {
                "FS_TRUNK_HOST": f"127.0.0.1:{self.trunk.port}",
                "FS_SERVICE_1": f"127.0.0.1:{self._service_port}",
                "FS_CALL_CENTRE": f"sofia/gateway/trunk/{CENTRE}",
                "FS_CALL_CENTRE_SECONDS": "20",
                "FS_RTP_START": "24000",
                "FS_RTP_END": "26000",
                "IVR_PROMPTS": str(PROMPTS),
            },
        )
        self.folder = folder
        self.played: dict[str, Played] = {}
        """What has been played so far, by the scene's name."""
        self.logs: dict[str, Service] = {}
        """The service of each group that had one."""
        self.listened: dict[str, Listened] = {}
        """What can be had of the recordings of groups that were not spoilt, by the call's id."""

    def perform(self, group: str, wanted: Collection[str]) -> None:
        """Play the scenes of *group* whose names are *wanted*."""
        scenes = {
            f"79{list(GROUPS).index(group)}6000{index:04}": scene
            for index, scene in enumerate(GROUPS[group])
            if scene.name in wanted
        }
        folder = self.folder / group
        (folder / "recordings").mkdir(parents=True)
        stage = Stage(self.switch, self.trunk, self.channel, folder, self._news)
        known = {file.stem: ears.read(file) for file in (PROMPTS / "ru").glob("*.wav")}
        service = self._service(group, scenes, folder) if group in PLANS else None
        try:
            if group == "broken":
                assert service is not None
                self._play_broken(stage, service, scenes, known)
            else:
                self._keep(stage.play(service, scenes, known))
                if service is not None and group != "killed":
                    self.listened.update(listen(service, folder))
        finally:
            if service is not None:
                service.stop()
        # What was spoken in this group can be recognised too; ears listen when they are asked.
        known.update(
            {f"spoken-{file.stem}": ears.read(file) for file in (folder / "speech").glob("**/*.wav")}
        )

    def close(self) -> None:
        """End the switch, the trunk and the channel."""
        self.switch.stop()
        self.trunk.close()
        self.channel.close()

    def _keep(self, played: Iterable[Played]) -> None:
        for each in played:
            self.played[each.scene.name] = each

    def _service(self, group: str, scenes: Mapping[str, Scene], folder: Path) -> Service:
        (folder / "plan.toml").write_text(PLANS[group], "utf-8")
        callers = {caller: scene.caller for caller, scene in scenes.items()}
        (folder / "directory.toml").write_text(directory(callers), "utf-8")
        shutil.copytree(PROMPTS, folder / "prompts")
        settings = {
            "PORT": str(self._service_port),
            "FREESWITCH_PORT": str(self.switch.esl_port),
            "PLAN": str(folder / "plan.toml"),
            "DIRECTORY": str(folder / "directory.toml"),
            "PROMPTS": str(folder / "prompts"),
            "SPEECH_CACHE": str(folder / "speech"),
            "RECORDINGS": str(folder / "recordings"),
            "JOURNAL": f"sqlite:///{folder}/journal.db",
            "LOG_FORMAT": "json",
            "WEB_PORT": "0",
            "WEB_TOKEN": TOKEN,
            **(self.channel.settings if group in WATCHED else {}),
        }
        service = Service(
            self._news, folder, "service", {f"IVR_{name}": value for name, value in settings.items()}
        )
        self.logs[group] = service
        return service

    def _play_broken(
        self, stage: Stage, service: Service, scenes: Mapping[str, Scene], known: Mapping[str, ears.Sound]
    ) -> None:
        """Spoil the menu's prompt and the directory; then let that one hang, as on a lost file server."""
        book = stage.folder / "directory.toml"
        (stage.folder / "prompts" / "ru" / "FW3.wav").unlink()
        book.write_text("this is no directory", "utf-8")
        time.sleep(1.2)  # a changed file is noticed by a look once a second
        first = {caller: scene for caller, scene in scenes.items() if scene.name != "gone-identifying"}
        self._keep(stage.play(service, first, known))
        book.unlink()
        os.mkfifo(book)
        self._keep(stage.play(service, {c: s for c, s in scenes.items() if c not in first}, known))
        # Whoever still waits to read it is let go.
        end = os.open(book, os.O_RDWR)
        os.write(end, b"still no directory")
        os.close(end)
