"""The engine under an event loop, which goes on, goes away or gives up while checks run."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.engine import BAD, LATE, SOON, Engine, Hang, bad, check, hung, said, threads
from tests.support.waiting import settle


def test_an_event_loop_goes_on_meanwhile():
    engine, hang = Engine(), Hang()

    async def main():
        task = asyncio.create_task(engine.arun([check("hang", hang)]))
        for _ in range(10):
            await asyncio.sleep(0.001)
        hang.released.set()
        return await task

    assert said(asyncio.run(main())) == {"hang": []}


def test_an_event_loop_gets_its_answer_in_time_and_the_next_at_once():
    engine, checks = Engine(), [check("hang", Hang()), check("good", bad)]

    async def main():
        return [await engine.arun(checks, timeout=SOON), await engine.arun(checks)]

    expected = {**hung("hang"), "good": BAD}
    assert [said(answer) for answer in asyncio.run(main())] == [expected] * 2


def test_threads_and_event_loops_share_a_run():
    engine, hang = Engine(), Hang()

    async def main():
        task = asyncio.create_task(engine.arun([check("hang", hang)]))
        await asyncio.sleep(0)
        hang.released.set()
        return await task

    with ThreadPoolExecutor(1) as pool:
        thread = pool.submit(engine.run, [check("hang", hang)])
        settle(lambda: hang.runs)
        answer = asyncio.run(main())
    assert answer.report is thread.result().report
    assert {answer.new, thread.result().new} == {True, False}


def test_an_event_loop_that_is_gone_is_not_called_back(caplog):
    engine, hang = Engine(), Hang()

    async def main():
        await engine.arun([check("gone", hang)], timeout=SOON)
        left = asyncio.create_task(engine.arun([check("left", hang)]))
        await asyncio.sleep(0)
        left.cancel()

    asyncio.run(main())
    caplog.clear()
    hang.released.set()
    settle(lambda: not threads("gone") + threads("left"))
    assert caplog.records == []


def test_a_run_that_nobody_waited_for_answers_no_later_question():
    engine, hang = Engine(), Hang()

    async def main():
        task = asyncio.create_task(engine.arun([check("left", hang)]))
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(main())
    hang.released.set()
    settle(lambda: not threads("left"))
    engine.run([check("left", hang)])
    assert hang.runs == 2


def test_within_the_ttl_a_run_that_nobody_waited_for_answers_the_next_heartbeat():
    engine, hang = Engine(), Hang()

    async def main(timeout):
        task = asyncio.create_task(engine.arun([check("left", hang)], timeout=timeout))
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(main(LATE))
    hang.released.set()
    settle(lambda: not threads("left"))
    answer = engine.run([check("left", hang)], ttl=LATE)
    assert (said(answer), answer.new, hang.runs) == ({"left": []}, True, 1)
    assert engine.run([check("left", hang)], ttl=LATE).new is False


def test_within_the_ttl_a_deadline_that_nobody_waited_for_answers_the_next_heartbeat():
    engine, hang, counted = Engine(), Hang(), Hang()
    counted.released.set()
    checks = [check("hung", hang), check("counted", counted)]

    async def main():
        task = asyncio.create_task(engine.arun(checks, timeout=SOON))
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(main())
    time.sleep(SOON)
    assert said(engine.run(checks, ttl=LATE)) == {**hung("hung"), "counted": []}
    assert (hang.runs, counted.runs) == (1, 1)
