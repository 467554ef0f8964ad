"""A contender's side of the conversation with the bench (see compare/contender.mjs)."""
import json, sys, time


def task():
    return dict(word.split('=', 1) for word in sys.argv[1:])


def fnv1a(key):
    h = 0x811C9DC5
    for byte in key.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def digest(pairs):
    keys = total = h = 0
    for key, count in pairs:
        keys, total = keys + 1, total + count
        h = (h + fnv1a(key) * count) & 0xFFFFFFFF
    return {'keys': keys, 'total': total, 'hash': h}


def serve(run, answer):
    """run() does one iteration, which is timed; answer(result) is not."""
    for line in sys.stdin:
        ms = []
        for _ in range(int(line.split()[1])):
            begun = time.perf_counter()
            result = run()
            ms.append((time.perf_counter() - begun) * 1000)
        print('@' + json.dumps({'ms': ms, 'answer': answer(result)}), flush=True)
