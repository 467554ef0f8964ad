"""usage: peer_polars.py workload=wordcount threads=2 file=... : one lazy query over the file, with the streaming engine."""
import os
from serve import digest, serve, task

t = task()
os.environ['POLARS_MAX_THREADS'] = t['threads']
import polars as pl

file = t['file']
column = pl.col('line')


def text(path, columns=('line',), separator='\x01'):
    return pl.scan_csv(path, has_header=False, separator=separator, quote_char=None, new_columns=list(columns), infer_schema=False)


def pairs(frame):
    return digest(frame.rows())


def total(frame):
    return {'total': frame.item()}


def wordcount():
    return lambda: text(file).select(column.str.split(' ')).explode('line').group_by('line').len(), pairs


def grep():
    return lambda: text(file).filter(column.str.contains(t['word'], literal=True)).select(pl.len()), total


def join():
    users = text(t['users'], ('user', 'region'), ',').collect().lazy()
    orders = lambda: text(file, ('user', 'amount'), ',').with_columns(pl.col('amount').cast(pl.Int64))
    return lambda: orders().join(users, on='user').group_by('region').agg(pl.col('amount').sum()), pairs


def sort():
    return lambda: text(file).sort('line'), sorted_lines


def sorted_lines(frame):
    rows = frame['line'].to_list()
    return {'keys': len(rows), 'total': sum(map(int, rows)) % 2**32, 'inversions': sum(a > b for a, b in zip(rows, rows[1:]))}


def json():
    return lambda: pl.scan_ndjson(file, schema={'country': pl.String}).group_by('country').len(), pairs


query, answer = {'wordcount': wordcount, 'grep': grep, 'join': join, 'sort': sort, 'json': json}[t['workload']]()
serve(lambda: query().collect(engine='streaming'), answer)
