"""usage: peer_bytewax.py workload=wordcount|grep file=... : one worker, as it splits no file; a dataflow in each iteration."""
from pathlib import Path

import bytewax.operators as op
from bytewax.connectors.files import FileSource
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, run_main
from serve import digest, serve, task

t = task()


def run():
    out = []
    flow = Dataflow('bench')
    lines = op.input('in', flow, FileSource(Path(t['file']), batch_size=1000))
    if t['workload'] == 'wordcount':
        counts = op.count_final('count', op.flat_map('split', lines, lambda line: line.split(' ')), lambda word: word)
    else:
        word = t['word']
        counts = op.count_final('count', op.filter('grep', lines, lambda line: word in line), lambda _: 'hits')
    op.output('out', counts, TestingSink(out))
    run_main(flow)
    return out


serve(run, digest if t['workload'] == 'wordcount' else lambda out: {'total': sum(hits for _, hits in out)})
