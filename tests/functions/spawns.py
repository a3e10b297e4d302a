"""Work that is handed to another process."""

import multiprocessing


def double(number, pipe):
    pipe.send(number * 2)


def handler(event, context):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=double, args=(event, theirs))
    process.start()
    answer = ours.recv() if ours.poll(20) else None
    process.join(5)
    return [answer, process.exitcode]
