import sys


def raises(event, context):
    raise ValueError("boom")


def exits(event, context):
    sys.exit(3)


def exits_with(event, context):
    sys.exit(event)


def leaves_a_thread(event, context):
    import atexit
    import threading

    atexit.register(print, "at exit")
    threading.Thread(target=threading.Event().wait).start()
    sys.exit(9)
