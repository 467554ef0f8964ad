import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, type StreamingContext } from 'millrace'
import { expect, onTestFinished, test } from 'vitest'
import { Api } from '#build/ui/serve/api.js'
import { duckdbProcesses } from '../support/duckdb-processes.js'
import { eventually } from '../support/eventually.js'
import { inDriverThread, raw, watched } from './support.js'

const HEADERS = { 'x-millrace-request': '1' }

/** Asks for a resource, as JSON. */
async function asked(ssc: Pick<StreamingContext, 'ui'>, path: string, headers: Record<string, string> = HEADERS) {
  const { status, text } = await raw(ssc.ui!.url!, { path: `/api/v1/${path}`, headers })
  return { status, body: JSON.parse(text) as never }
}

const queried = (ssc: Pick<StreamingContext, 'ui'>, text: string, headers?: Record<string, string>) =>
  asked(ssc, `sql?${new URLSearchParams({ q: text })}`, headers)

/** Streams with an output, state and a window, on a manual clock, after `batches`. */
async function running(batches: readonly (readonly [string, number])[][], ui: object = { port: 0 }) {
  const clock = new ManualClock(0)
  const ssc = watched({ clock, batchInterval: 1000, ui })
  onTestFinished(() => void ssc.stop())
  const pairs = ssc.queueStream<readonly [string, number]>([...batches])
  pairs.map(([word, n]) => ({ word, n })).output('Words')
  pairs
    .updateStateByKey<number>((values, sum = 0) => values.reduce((total, n) => total + n, sum))
    .uid('sums')
    .output('sums')
  pairs.window('2s', '1s').uid('recent').output('windows')
  for (const name of ['Words', 'sums', 'windows']) void drain(ssc, name)
  await ssc.start()
  for (let i = 0; i < batches.length; i++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  return { ssc, clock }
}

/** Reads an output as users may: it changes the list that it gets. */
async function drain(ssc: StreamingContext, name: string): Promise<void> {
  for await (const { records } of ssc.output(name)) records.length = 0
}

const TWO_BATCHES: (readonly [string, number])[][] = [
  [
    ['a', 1],
    ['b', 2],
  ],
  [['a', 3]],
]

test('the tables of running streams are the newest batches of outputs, state, and windows', async () => {
  const { ssc, clock } = await running(TWO_BATCHES)
  expect(await asked(ssc, 'tables')).toEqual({
    status: 200,
    body: [
      { table: 'Words', of: 'output', time: 2000 },
      { table: 'sums', of: 'output', time: 2000 },
      { table: 'windows', of: 'output', time: 2000 },
      { table: 'state_sums', of: 'state', uid: 'sums', time: 2000 },
      { table: 'window_recent', of: 'window', uid: 'recent', time: 2000 },
    ],
  })
  const head = async (path: string) => (await asked(ssc, `tables/${path}`)).body as { records: unknown[] }
  expect(await head('Words')).toEqual({
    table: 'Words',
    of: 'output',
    time: 2000,
    records: [{ word: 'a', n: 3 }],
    more: false,
  })
  expect((await head('state_sums')).records.sort()).toEqual([
    ['a', 4],
    ['b', 2],
  ])
  expect((await head('window_recent')).records).toEqual([
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ])
  expect(await head('window_recent?limit=2')).toMatchObject({ records: { length: 2 }, more: true })
  expect(await head('Words?limit=0')).toMatchObject({ records: [], more: true })
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(await head('Words'), 'the newest batch is empty').toMatchObject({ time: 3000, records: [], more: false })
})

test('an answer has at most 1,000 records and 4 MiB', async () => {
  const long = 'x'.repeat(100_000)
  const many = Array.from({ length: 1500 }, (_, i): [string, number] => [i < 60 ? long : 'short', i])
  const { ssc } = await running([many.slice(60), many])
  const { body } = await asked(ssc, 'tables/Words?limit=100000')
  const { records, more } = body as { records: unknown[]; more: boolean }
  expect(more).toBe(true)
  expect(records.length).toBeGreaterThan(0)
  expect(JSON.stringify(records).length).toBeLessThan(4 * 1024 * 1024)
  expect(await queried(ssc, 'from "Words"')).toMatchObject({ status: 422, body: { error: { code: 'sql' } } })
  expect(await queried(ssc, 'select sum(n) as n, max(length(word)) as longest from words')).toEqual({
    status: 200,
    body: { rows: [{ n: 1_124_250, longest: 100_000 }] },
  })
})

test('a table that cannot be read says why', async () => {
  const { ssc } = await running([])
  expect(await asked(ssc, 'tables/Words')).toMatchObject({ status: 409, body: { error: { code: 'table' } } })
  expect(await asked(ssc, 'tables/state_sums')).toMatchObject({ status: 409 })
  const { status, body } = await asked(ssc, 'tables/nothing')
  expect(status).toBe(404)
  expect(JSON.stringify(body)).toContain('state_sums')
  expect((await asked(ssc, 'tables/Words?limit=-1')).status).toBe(400)
  expect((await asked(ssc, 'tables/%')).status).toBe(404)
})

test('a query joins outputs, state and windows', async () => {
  const { ssc } = await running(TWO_BATCHES)
  const text = `select w.word, s.value as total, count(*) as recent
    from words w join state_sums s on s.key = w.word join window_recent r on r.key = w.word group by all`
  expect(await queried(ssc, text)).toEqual({ status: 200, body: { rows: [{ word: 'a', total: 4, recent: 2 }] } })
  expect((await queried(ssc, 'select 1 as one')).body, 'without a table').toEqual({ rows: [{ one: 1 }] })
})

test('queries read only: not files, not settings, not the catalog of another', async () => {
  const { ssc } = await running(TWO_BATCHES)
  const file = join(tmpdir(), `millrace-tables-${process.pid}`)
  for (const text of [
    `copy (from words) to '${file}'`,
    `copy words to '${file}' (format csv)`,
    `attach '${file}' as other`,
    "from read_csv('/etc/passwd')",
    "from '/etc/passwd'",
    "from read_text('/etc/passwd')",
    "from glob('/etc/*')",
    'install httpfs',
    'load httpfs',
    'drop view words',
    'delete from words',
    'create table other as from words',
    'select 1; select 2',
    'set enable_external_access = true',
    "from query('select 1')",
    'from nothing',
    'select',
  ]) {
    const { status, body } = await queried(ssc, text)
    expect({ text, status, body }).toMatchObject({ status: 400, body: { error: { code: 'sql' } } })
  }
  expect(existsSync(file)).toBe(false)
  expect((await queried(ssc, ' ')).status).toBe(400)
  expect((await queried(ssc, 'select 1 \0')).status).toBe(400)
  expect((await queried(ssc, `select '${'x'.repeat(10_000)}'`)).status).toBe(400)
  expect((await queried(ssc, 'select count(*) as n from words')).body, 'and the next one runs').toEqual({
    rows: [{ n: 1 }],
  })
})

test('a query needs the header that a website cannot send, the right host, and the token', async () => {
  const { ssc } = await running(TWO_BATCHES)
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  expect((await asked(ssc, 'tables', link)).status, 'a link to JSON').toBe(200)
  for (const headers of [
    {},
    link,
    { ...HEADERS, 'sec-fetch-site': 'cross-site' },
    { ...HEADERS, host: 'evil.example' },
    { ...HEADERS, origin: 'http://evil.example' },
  ]) {
    expect((await queried(ssc, 'select 1', headers as Record<string, string>)).status).toBe(403)
  }
  const closed = (await running([], { port: 0, token: 'a secret of the test' })).ssc
  expect((await queried(closed, 'select 1')).status).toBe(401)
  expect((await asked(closed, 'tables')).status).toBe(401)
  expect((await queried(closed, 'select 1', { ...HEADERS, authorization: 'Bearer a wrong one' })).status).toBe(401)
  const right = { ...HEADERS, authorization: 'Bearer a secret of the test' }
  expect((await queried(closed, 'select 1 as x', right)).body).toEqual({ rows: [{ x: 1 }] })
})

const ENDLESS = 'select count(*) from range(1000000000000) where range % 7 = 8'

test('batches continue while a query runs', async () => {
  const { ssc, clock } = await running(TWO_BATCHES)
  const query = queried(ssc, ENDLESS)
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect((await asked(ssc, 'tables/Words')).body).toMatchObject({ time: 3000 })
  for (const pid of await duckdbProcesses()) process.kill(pid, 'SIGKILL')
  expect((await query).status).toBeGreaterThanOrEqual(500)
})

test('a killed process of DuckDB fails its query only, and the next one has another', async () => {
  const { ssc } = await running(TWO_BATCHES)
  let answer: Awaited<ReturnType<typeof queried>> | undefined
  void queried(ssc, ENDLESS).then((answered) => {
    answer = answered
  })
  await eventually(async () => {
    for (const pid of await duckdbProcesses()) process.kill(pid, 'SIGKILL')
    expect(answer).toBeDefined()
  })
  expect(answer!.status).toBe(503)
  expect(JSON.stringify(answer!.body)).toContain('The process of DuckDB ended by SIGKILL')
  expect((await queried(ssc, 'select count(*) as n from words')).body).toEqual({ rows: [{ n: 1 }] })
})

test('an endless query ends after its time', { timeout: 600_000 }, async () => {
  const { ssc } = await running(TWO_BATCHES)
  const { status, body } = await queried(ssc, ENDLESS)
  expect(status).toBe(504)
  expect(JSON.stringify(body)).toContain('took longer than 10000 ms')
  expect((await queried(ssc, 'select 1 as x')).body).toEqual({ rows: [{ x: 1 }] })
})

test('at most two queries run at a time', async () => {
  const waiting: (() => void)[] = []
  const tables = { query: () => new Promise((resolve) => waiting.push(() => resolve({ rows: [] }))) }
  const api = new Api({ tables } as never)
  const query = new URLSearchParams({ q: 'select 1' })
  const first = [api.get('sql', query), api.get('sql', query)]
  expect((await api.get('sql', query)).status).toBe(503)
  for (const answer of waiting.splice(0)) answer()
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200])
  const next = api.get('sql', query)
  for (const answer of waiting) answer()
  expect((await next).status, 'there is room again').toBe(200)
})

test('a table of more records than a query reads is refused, and its first records are shown', async () => {
  const many = Array.from({ length: 100_001 }, (_, i): [string, number] => [`k${i}`, i])
  const { ssc } = await running([many])
  for (const table of ['words', 'state_sums', 'window_recent']) {
    const { status, body } = await queried(ssc, `select count(*) from ${table}`)
    expect(status).toBe(422)
    expect(JSON.stringify(body)).toContain('more than 100000 records')
  }
  expect((await asked(ssc, 'tables/Words?limit=5000')).body).toMatchObject({ records: { length: 1000 }, more: true })
  expect((await asked(ssc, 'tables/state_sums?limit=3')).body).toMatchObject({ records: { length: 3 }, more: true })
})

test('streams in a driver thread have tables too', async () => {
  const pipeline = await inDriverThread()
  const { body } = await asked(pipeline, 'tables')
  const { table } = (body as { of: string; table: string }[]).find(({ of }) => of === 'state')!
  expect(await queried(pipeline, `select value from "${table}" where key = 'batches'`)).toEqual({
    status: 200,
    body: { rows: [{ value: 3 }] },
  })
})
