"""CallFlow, the statechart: the only file in which a call's state can change.

Read it from the top: the states, then per state what leads out of it, in the order in which it is asked.
What a state does when it is entered is in `entries`, what a way does in `actions`; what a guard judges is
in `guards`. Events that may rightly come late (an answer after the release, a digit after the menu) are
declared at the end and lead nowhere; any other event that does not fit raises `TransitionNotAllowed`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from statemachine import State, StateChart
from statemachine.orderedset import OrderedSet

from ivr_fsm.flow import events
from ivr_fsm.flow.actions import Actions
from ivr_fsm.flow.record import Call

_LATE = (
    "caller_identified digit_pressed prompt_finished timer_late leg_ended callee_pressed "
    "announcement_finished bridged bridge_failed caller_returned"
)
_LATE_LEGS = "leg_ringing leg_answered"


def _stay(source: Any, **how: Any) -> Any:
    """What happens inside a state, without leaving it (a targetless transition)."""
    return source.to(None, **how)


def _go(source: Any, target: Any, **how: Any) -> Any:
    """From one state to another; either may hold states."""
    return source.to(target, **how)


def _to_support(source: Any, office: Any, call_centre: Any, *, cond: tuple[str, ...] = (), on: str) -> Any:
    """To the office, or past it when it is closed."""
    return source.to(office, cond=[*cond, "office_open"], on=on) | source.to(
        call_centre, cond=list(cond), on=on
    )


def _to_next_target(source: Any, dialing: Any, unanswered: Any, *, cond: tuple[str, ...] = ()) -> Any:
    """Who answered is lost before the two could talk: on to the target that comes after that leg's."""
    return (
        source.to(dialing.dialing_office, cond=[*cond, "leg_was_shops", "office_open"], on="lose_answered")
        | source.to(unanswered, cond=[*cond, "leg_was_last"], on="lose_answered")
        | source.to(dialing.dialing_call_centre, cond=list(cond), on="lose_answered")
    )


def _send_on(source: Any, dialing: Any) -> Any:
    """To whom somebody who watches sends the caller."""
    return source.to(dialing.dialing_office, cond="office_wanted", on="send_on") | source.to(
        dialing.dialing_call_centre, cond="call_centre_wanted", on="send_on"
    )


def _menu_keys(source: Any, dialing: Any, *, cond: tuple[str, ...] = ()) -> Any:
    """What the two keys of the menu do, in the menu and already during the greeting."""
    shop, office, call_centre = dialing.dialing_shop, dialing.dialing_office, dialing.dialing_call_centre
    return (
        source.to(shop, cond=[*cond, "pressed_shop", "shop_open"], on="stop_prompt")
        | source.to(call_centre, cond=[*cond, "pressed_shop"], on="say_shop_closed")
        | _to_support(source, office, call_centre, cond=(*cond, "pressed_support"), on="chose_support")
    )


class CallFlow(Actions, StateChart[Any]):
    """The flow of every call. Built once and moved by `step`, by nothing else."""

    allow_event_without_transition = False
    catch_errors_as_events = False

    class live(State.Compound):  # noqa: N801 - a state
        """Somebody is on the line."""

        identifying = State(initial=True)
        greeting = State()
        menu = State()

        class dialing(State.Compound):  # noqa: N801 - a state
            """A target's phones ring."""

            dialing_shop = State(initial=True)
            dialing_office = State()
            dialing_call_centre = State()
            dialing_customer = State()

            limit_reached = _to_support(
                dialing_shop, dialing_office, dialing_call_centre, on="shop_gave_up"
            ) | dialing_office.to(dialing_call_centre, on="office_gave_up")
            leg_ended = _to_support(
                dialing_shop, dialing_office, dialing_call_centre, cond=("all_failed",), on="shop_gave_up"
            ) | dialing_office.to(dialing_call_centre, cond="all_failed", on="office_gave_up")

        announcing = State()
        connected = State()
        transferring = State()
        partner_notice = State()
        calling_back = State()
        unanswered = State()

        caller_identified = (
            identifying.to(partner_notice, cond="caller_is_partner", on="tell_arrival")
            | identifying.to(greeting, on="tell_arrival")
            | calling_back.to(dialing.dialing_customer, on="tell_arrival")
        )

        digit_pressed = (
            _menu_keys(greeting, dialing, cond=("has_order",))
            | _menu_keys(menu, dialing)
            | _stay(menu, cond="tries_left", on="ask_again")
            | _to_support(menu, dialing.dialing_office, dialing.dialing_call_centre, on="gave_up_on_keys")
        )

        prompt_finished = (
            greeting.to(menu, cond=["awaited_prompt", "has_order"])
            | _to_support(
                greeting,
                dialing.dialing_office,
                dialing.dialing_call_centre,
                cond=("awaited_prompt",),
                on="go_to_support",
            )
            | _to_support(
                menu,
                dialing.dialing_office,
                dialing.dialing_call_centre,
                cond=("awaited_prompt", "prompt_unheard"),
                on="gave_up_on_keys",
            )
            | _stay(menu, cond="awaited_prompt", on="await_digit")
        )
        silence_over = (
            _stay(menu, cond="repeats_left", on="repeat_menu")
            | _to_support(menu, dialing.dialing_office, dialing.dialing_call_centre, on="gave_up_on_keys")
            | _to_next_target(announcing, dialing, unanswered)
        )

        limit_reached = (
            identifying.to(greeting, on="identify_nobody")
            | calling_back.to(dialing.dialing_customer, on="identify_nobody")
            | greeting.to(menu, cond="has_order")
            | _to_support(greeting, dialing.dialing_office, dialing.dialing_call_centre, on="go_to_support")
            | _stay(menu, on="await_digit")
            | dialing.dialing_call_centre.to(unanswered)
            | dialing.dialing_customer.to(unanswered)
            | announcing.to(connected, cond="no_confirm_needed")
            | _stay(announcing, on="await_confirmation")
            | _to_next_target(connected, dialing, unanswered)
            | transferring.to(dialing.dialing_call_centre, on="transfer_failed")
        )

        leg_answered = (
            _go(dialing, announcing, cond=["leg_wanted", "announcement_needed"], on="keep_answered")
            | _go(dialing, connected, cond="leg_wanted", on="keep_answered")
            | transferring.to(announcing, cond=["leg_wanted", "announcement_needed"], on="keep_answered")
            | transferring.to(connected, cond="leg_wanted", on="keep_answered")
        )

        announcement_finished = announcing.to(
            connected, cond=["leg_is_answered", "no_confirm_needed"]
        ) | _stay(announcing, cond=["leg_is_answered", "still_announcing"], on="await_confirmation")
        callee_pressed = announcing.to(connected, cond=["leg_is_answered", "confirmed"])

        bridged = _stay(connected, cond=["leg_is_answered", "never_bridged"], on="start_talking")
        bridge_failed = _to_next_target(
            connected, dialing, unanswered, cond=("leg_is_answered", "never_bridged")
        )

        leg_ended = (
            dialing.dialing_call_centre.to(unanswered, cond="nobody_rings")
            | dialing.dialing_customer.to(unanswered, cond="nobody_rings")
            | _to_next_target(announcing, dialing, unanswered, cond=("leg_is_answered",))
            | connected.to(transferring, cond=["leg_is_answered", "leg_transferred"])
            | _to_next_target(connected, dialing, unanswered, cond=("leg_is_answered", "never_bridged"))
            | transferring.to(dialing.dialing_call_centre, cond="transfer_target_lost", on="transfer_failed")
        )

        caller_returned = (
            connected.to(transferring, cond="sent_elsewhere")
            | _to_next_target(connected, dialing, unanswered, cond=("never_bridged",))
            | _stay(transferring, cond=["destination_awaited", "sent_elsewhere"], on="dial_destination")
            | transferring.to(dialing.dialing_call_centre, cond="destination_awaited", on="transfer_failed")
        )

        send_wanted = (
            _send_on(greeting, dialing)
            | _send_on(menu, dialing)
            | _send_on(partner_notice, dialing)
            | _send_on(dialing.dialing_shop, dialing)
            | dialing.dialing_office.to(dialing.dialing_call_centre, cond="call_centre_wanted", on="send_on")
            | dialing.dialing_call_centre.to(dialing.dialing_office, cond="office_wanted", on="send_on")
        )

        prompt_finished |= (
            _stay(dialing, cond="nothing_plays", on="hold_on")
            | _stay(announcing, cond="nothing_plays", on="hold_on")
            | _stay(transferring, cond="nothing_plays", on="hold_on")
        )
        mark_reached = (
            _stay(dialing, on="play_mark")
            | _stay(announcing, on="play_mark")
            | _stay(transferring, on="play_mark")
        )

    arriving = State(initial=True)
    releasing = State()
    ended = State()

    call_arrived = _go(arriving, live)
    call_back_arrived = arriving.to(live.calling_back)

    # The caller hanging up leads from every state to the end, and so does a switch that falls silent.
    caller_hung_up = (
        _go(live, releasing, cond="legs_left", on="abandon")
        | _go(live, ended, on="abandon")
        | releasing.to(ended, cond="no_legs_left")
    )
    link_lost = (
        _go(live, ended, cond="talking", on="leave_talking")
        | _go(live, ended, on="fail")
        | releasing.to(ended, on="release_again")
    )

    # So does somebody who watches and ends it.
    stop_wanted = _go(live, releasing, on="stop")

    # The ends that the call itself comes to.
    prompt_finished = live.partner_notice.to(
        releasing, cond="awaited_prompt", on="hang_up"
    ) | live.unanswered.to(releasing, cond="awaited_prompt", on="hang_up")
    limit_reached = (
        live.partner_notice.to(releasing, on="hang_up")
        | live.unanswered.to(releasing, on="hang_up")
        | releasing.to(ended, on="tell_legs_left")
    )
    leg_ended = live.connected.to(releasing, cond="leg_is_answered", on="hang_up") | releasing.to(
        ended, cond="no_legs_left"
    )
    caller_returned = live.connected.to(releasing, cond="calls_back", on="hang_up") | live.connected.to(
        live.dialing.dialing_call_centre, on="transfer_failed"
    )

    # What may rightly come late, or says nothing about the state: known, journalled, and leading nowhere.
    _stay(live, event=_LATE)
    _stay(releasing, event=f"{_LATE} caller_hung_up")
    _stay(ended, event=f"{_LATE} caller_hung_up link_lost")
    _stay(live, event="answerer_known", on="pay_leg")
    _stay(releasing, event="answerer_known")
    _stay(ended, event="answerer_known send_wanted stop_wanted")
    _stay(live, event="send_wanted", on="too_late")
    _stay(releasing, event="send_wanted stop_wanted", on="too_late")
    # A release may have come too early for its leg: it is asked for again.
    _stay(live, event=_LATE_LEGS, on="release_late")
    _stay(releasing, event=_LATE_LEGS, on="release_late")
    _stay(ended, event=_LATE_LEGS, on="release_late")

    def take(self, call: Call, event: events.Event, now: datetime, name: str) -> None:
        """Let *event* happen to *call*, under the *name* that the chart has for it.

        The chart holds no call between two events: building one costs milliseconds and 400 kB,
        lending one costs nothing.
        """
        call.before, call.now, call.judged, call.commands = call.state_id, now, [], []
        call.note(event)
        innermost = self.states_map[call.state_id]
        self.call = call
        self.configuration = OrderedSet([*innermost.ancestors(), innermost])
        self.send(name)
        call.state_id = next(state.id for state in self.configuration if state.is_atomic)
