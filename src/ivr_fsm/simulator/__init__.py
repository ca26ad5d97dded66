"""A FreeSWITCH double on the real wire protocol, with phones that follow a script.

::

    phones = PhoneBook({"74951110001": "ring 2s, answer, hang up 5s after bridge"})
    switch = SimulatedSwitch(phones, sockets=[("127.0.0.1", 8084)], control_port=0)
    await switch.start()
    call = switch.call("79161234567", "78001234567", "press 1 3s into FW3")
    await call.ended
    await switch.stop()
"""

from ivr_fsm.simulator.faults import Faults
from ivr_fsm.simulator.observed import Call, Heard, Leg, Talk
from ivr_fsm.simulator.phones import Line, Phone, PhoneBook
from ivr_fsm.simulator.script import (
    ScriptError,
    Step,
    answered,
    bridged,
    hang_up,
    hearing,
    press,
    start,
    transfer,
)
from ivr_fsm.simulator.switch import SimulatedSwitch
from ivr_fsm.simulator.timing import Latency

__all__ = [
    "Call",
    "Faults",
    "Heard",
    "Latency",
    "Leg",
    "Line",
    "Phone",
    "PhoneBook",
    "ScriptError",
    "SimulatedSwitch",
    "Step",
    "Talk",
    "answered",
    "bridged",
    "hang_up",
    "hearing",
    "press",
    "start",
    "transfer",
]
