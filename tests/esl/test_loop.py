import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable

import gevent
import gevent.event
import gevent.server
import gevent.socket
import pytest

from ivr_fsm.esl.loop import SharedLoop, VirtualLoop, shared_loop, virtual_loop

LONG = 3600.0


async def test_async_tests_run_on_the_shared_loop() -> None:
    assert type(asyncio.get_running_loop()) is SharedLoop


@pytest.mark.virtual
async def test_marked_tests_run_on_the_virtual_clock() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    assert loop.time() == 0.0


@pytest.mark.parametrize("factory", [shared_loop, virtual_loop])
def test_many_runs_in_one_process(factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def once() -> str:
        done = gevent.event.Event()
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        gevent.spawn(lambda: (done.set(), answer.set_result("done")))
        return str(await answer)

    for _ in range(20):
        with asyncio.Runner(loop_factory=factory) as runner:
            assert runner.run(once()) == "done"


@pytest.mark.parametrize("how", ["call_soon", "call_later", "set_result", "create_task", "add_reader"])
async def test_what_a_greenlet_schedules_wakes_a_loop_that_sleeps(how: str) -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left, right = socket.socketpair()

    async def finish() -> None:
        done.set_result(None)

    def greenlet() -> None:
        match how:
            case "call_soon":
                loop.call_soon(done.set_result, None)
            case "call_later":
                loop.call_later(0.001, done.set_result, None)
            case "set_result":
                done.set_result(None)
            case "create_task":
                tasks.append(loop.create_task(finish()))
            case "add_reader":
                loop.add_reader(right, done.set_result, None)
                left.send(b"x")

    tasks: list[asyncio.Task[None]] = []
    far = loop.call_later(LONG, lambda: None)
    with left, right:
        # Two turns of the hub later the loop has nothing ready and sleeps in its selector.
        gevent.spawn(lambda: (gevent.sleep(0), gevent.idle(), greenlet()))
        await asyncio.wait_for(done, 5)
        loop.remove_reader(right)
    far.cancel()


@pytest.mark.parametrize("factory", [shared_loop, virtual_loop])
def test_a_signal_reaches_a_loop_that_sleeps(factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def wait() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, stop.set)
        gevent.spawn(lambda: (gevent.idle(), os.kill(os.getpid(), signal.SIGUSR1)))
        await stop.wait()

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(wait())


def test_the_virtual_loop_ends_with_its_threads_and_no_jump() -> None:
    async def use_a_thread() -> None:
        await asyncio.to_thread(lambda: None)

    with asyncio.Runner(loop_factory=virtual_loop) as runner:
        runner.run(use_a_thread())
        loop = runner.get_loop()
    assert loop.time() == 0.0


@pytest.mark.virtual
async def test_the_virtual_clock_jumps_from_timer_to_timer_in_order() -> None:
    loop = asyncio.get_running_loop()
    fired: list[tuple[str, float]] = []
    for name, delay in (("c", 60.0), ("a", 0.5), ("b", 34.0)):
        loop.call_later(delay, lambda name=name: fired.append((name, loop.time())))
    await asyncio.sleep(LONG)
    assert fired == [("a", 0.5), ("b", 34.0), ("c", 60.0)]
    assert loop.time() == LONG


@pytest.mark.virtual
async def test_a_timer_armed_by_a_greenlet_is_not_jumped_over() -> None:
    loop = asyncio.get_running_loop()
    fired: list[float] = []
    gevent.spawn(lambda: (gevent.idle(), loop.call_later(1.0, lambda: fired.append(loop.time()))))
    await asyncio.sleep(LONG)
    assert fired == [1.0]


@pytest.mark.virtual
async def test_the_clock_stands_still_while_greenlets_and_streams_talk() -> None:
    """A thousand round trips asyncio → greenlet → greenlet → asyncio, with a timer 1 ms away."""
    loop = asyncio.get_running_loop()

    def pump(source: socket.socket, _address: object) -> None:
        with gevent.socket.create_connection(("127.0.0.1", back.server_port)) as onward:
            while data := source.recv(100):
                onward.sendall(data)
                source.sendall(onward.recv(100))

    def echo(source: socket.socket, _address: object) -> None:
        while data := source.recv(100):
            source.sendall(data)

    back = gevent.server.StreamServer(("127.0.0.1", 0), echo)
    front = gevent.server.StreamServer(("127.0.0.1", 0), pump)
    back.start()
    front.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", front.server_port)
    far = loop.call_later(0.001, lambda: None)
    for _ in range(1000):
        writer.write(b"x")
        assert await reader.read(1) == b"x"
    assert loop.time() == 0.0
    far.cancel()
    writer.close()
    await writer.wait_closed()
    front.stop()
    back.stop()


@pytest.mark.virtual
async def test_work_in_a_thread_holds_the_clock() -> None:
    loop = asyncio.get_running_loop()
    go = threading.Event()
    seen: list[float] = []
    work = asyncio.create_task(asyncio.to_thread(go.wait))
    work.add_done_callback(lambda _: seen.append(loop.time()))
    ticking = loop.call_later(1.0, lambda: None)
    for _ in range(100):
        await asyncio.sleep(0)
    threading.Timer(0.01, go.set).start()
    assert await work
    assert seen == [0.0]
    ticking.cancel()


@pytest.mark.virtual
async def test_a_greenlet_that_waits_for_a_thread_holds_the_clock() -> None:
    """gevent looks names up in threads of its own."""
    loop = asyncio.get_running_loop()
    go = threading.Event()
    seen: list[float] = []
    gevent.spawn(lambda: (gevent.get_hub().threadpool.apply(go.wait), seen.append(loop.time())))
    threading.Timer(0.01, go.set).start()
    await asyncio.sleep(LONG)
    assert seen == [0.0]


@pytest.mark.virtual
async def test_work_nobody_sees_holds_the_clock_when_told() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    answer = loop.create_future()
    ticking = asyncio.create_task(asyncio.sleep(1.0, "late"))
    with loop.hold():
        threading.Timer(0.01, lambda: loop.call_soon_threadsafe(answer.set_result, loop.time())).start()
        assert await answer == 0.0
        assert not ticking.done()
    assert await ticking == "late"
    assert loop.time() == 1.0


@pytest.mark.virtual
async def test_a_hold_released_by_a_greenlet_lets_time_go_on() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    held = loop.hold()
    held.__enter__()
    gevent.spawn(lambda: (gevent.idle(), held.__exit__(None, None, None)))
    await asyncio.sleep(LONG)
    assert loop.time() == LONG


@pytest.mark.virtual
async def test_a_socket_nobody_reads_does_not_stop_the_clock() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.send(b"unread")
        await asyncio.sleep(LONG)
    assert asyncio.get_running_loop().time() == LONG
