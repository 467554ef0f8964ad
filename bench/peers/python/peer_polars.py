"""usage: peer_polars.py workload=wordcount threads=2 file=... [variant=columns] : one lazy query over the file, or with
variant=columns over its columns in memory, with the streaming engine."""
import os
from serve import digest, serve, task

t = task()
os.environ['POLARS_MAX_THREADS'] = t['threads']
import polars as pl

file = t['file']
column = pl.col('line')


def kept(frame):
    return frame.collect().lazy() if t.get('variant') == 'columns' else frame


def text(path, columns=('line',), separator='\x01'):
    return kept(pl.scan_csv(path, has_header=False, separator=separator, quote_char=None, new_columns=list(columns), infer_schema=False))


def pairs(frame):
    return digest(frame.rows())


def total(frame):
    return {'total': frame.item()}


def wordcount():
    lines = text(file)
    return lambda: lines.select(column.str.split(' ')).explode('line').group_by('line').len(), pairs


def grep():
    lines = text(file)
    return lambda: lines.filter(column.str.contains(t['word'], literal=True)).select(pl.len()), total


def join():
    users = text(t['users'], ('user', 'region'), ',').collect().lazy()
    orders = kept(text(file, ('user', 'amount'), ',').with_columns(pl.col('amount').cast(pl.Int64)))
    return lambda: orders.join(users, on='user').group_by('region').agg(pl.col('amount').sum()), pairs


def sort():
    lines = text(file)
    return lambda: lines.sort('line'), sorted_lines


def sorted_lines(frame):
    rows = frame['line'].to_list()
    return {'keys': len(rows), 'total': sum(map(int, rows)) % 2**32, 'inversions': sum(a > b for a, b in zip(rows, rows[1:]))}


def json():
    lines = kept(pl.scan_ndjson(file, schema={'country': pl.String}))
    return lambda: lines.group_by('country').len(), pairs


query, answer = {'wordcount': wordcount, 'grep': grep, 'join': join, 'sort': sort, 'json': json}[t['workload']]()
serve(lambda: query().collect(engine='streaming'), answer)
