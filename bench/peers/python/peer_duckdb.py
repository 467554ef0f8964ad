"""usage: peer_duckdb.py workload=wordcount threads=2 file=... [variant=columns] : one SQL statement over the file, or with
variant=columns over a table in memory, in each iteration."""
import duckdb
from serve import digest, serve, task

t = task()
file = t['file']
db = duckdb.connect()
db.execute(f"set threads={t['threads']}")
db.execute('set enable_progress_bar=false')
db.execute('set preserve_insertion_order=false')


def kept(source):
    if t.get('variant') != 'columns':
        return source
    db.execute(f'create table kept as select * from {source}')
    return 'kept'


USERS = "{'user': 'VARCHAR', 'region': 'VARCHAR'}"


def text(path, columns, delimiter):
    return kept(csv(path, columns, delimiter))


def csv(path, columns, delimiter):
    return (f"read_csv('{path}', header=false, columns={columns}, delim='{delimiter}', quote='', escape='', "
            "auto_detect=false, max_line_size=1000000)")


pairs = digest


def lines():
    return text(file, "{'line': 'VARCHAR'}", '\x01')


def total(rows):
    return {'total': rows[0][0]}


def wordcount():
    return f"select w, count(*) from (select unnest(string_split(line, ' ')) w from {lines()}) group by w", pairs


def grep():
    return f"select count(*) from {lines()} where contains(line, '{t['word']}')", total


def join():
    db.execute(f"create table users as select * from {csv(t['users'], USERS, ',')}")
    orders = text(file, "{'user': 'VARCHAR', 'amount': 'BIGINT'}", ',')
    return f'select region, sum(amount)::BIGINT from {orders} orders join users using (user) group by region', pairs


def sort():
    # Only where the order of insertion counts does a sorted table stay sorted.
    db.execute('set preserve_insertion_order=true')
    return f'create or replace temp table sorted as select line from {lines()} order by line', sorted_lines


def sorted_lines(_):
    rows = [line for (line,) in db.execute('select line from sorted').fetchall()]
    return {'keys': len(rows), 'total': sum(map(int, rows)) % 2**32, 'inversions': sum(a > b for a, b in zip(rows, rows[1:]))}


def json():
    source = kept(f"read_json('{file}', format='newline_delimited', columns={{'country': 'VARCHAR'}})")
    return f'select country, count(*) from {source} group by country', pairs


sql, answer = {'wordcount': wordcount, 'grep': grep, 'join': join, 'sort': sort, 'json': json}[t['workload']]()
serve(lambda: db.execute(sql).fetchall(), answer)
