import { inspect } from 'node:util'
import { ManualClock, StreamingContext } from 'millrace'
import { type XFilteredOptions, type XPost, xFilteredSource } from 'millrace/x'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { checkXOptions } from '#build/connectors/x/options.js'
import { filteredSource, type XClock } from '#build/connectors/x/source.js'
import { FakeSink, recordedDelay } from '../sources/fake-sink.js'
import { closing, cut } from '../sources/loopback.js'
import { line, type Stream, TOKEN, XStandIn } from './x-stand-in.js'

const open: StreamingContext[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const ssc of open.splice(0)) await ssc.stop()
})

const ALL = [{ value: 'cat', tag: 'all' }]

/** A running receiver, whose pauses take no time. */
async function receive(standIn: XStandIn, more: Partial<XFilteredOptions> = {}, clock: Partial<XClock> = {}) {
  const sink = new FakeSink()
  const { waits, delay } = recordedDelay()
  const options = checkXOptions({ url: standIn.url, bearerToken: TOKEN, rules: ALL, ...more })
  const source = filteredSource(options, { delay, now: Date.now, keepAliveMs: 20_000, ...clock })
  const receiver = source.create()
  closing(() => receiver.stop())
  const started = receiver.start(sink)
  started.catch(() => undefined)
  return { sink, waits, started, source }
}

const ids = (sink: FakeSink) => (sink.values as XPost[]).map(({ data }) => Number(data.id))
const reports = (sink: FakeSink) => sink.reports.map(({ message }) => message)
const write = (stream: Stream, text: string | Uint8Array) =>
  new Promise((resolve) => stream.response.write(text, resolve))

describe('the filtered stream of X', () => {
  test('posts arrive as objects, however the lines are cut; empty lines are keep-alives', async () => {
    const standIn = await XStandIn.start()
    const { sink } = await receive(standIn, {
      fields: { tweet: ['entities', 'lang'], user: ['name'] },
      expansions: ['author_id'],
    })
    const stream = await standIn.next()
    expect(stream.query).toEqual({ 'tweet.fields': 'entities,lang', 'user.fields': 'name', expansions: 'author_id' })
    const bytes = Buffer.from(`\r\n${line(1)}${line(2, { lang: 'ä' })}\r\n${line(3)}`)
    // Inside a character, inside the end of a line, and everywhere else.
    for (const piece of cut(
      bytes,
      Array.from({ length: bytes.length }, (_, i) => i),
    ))
      await write(stream, piece)
    await sink.until(() => sink.values.length === 3)
    expect(ids(sink)).toEqual([1, 2, 3])
    expect(sink.values[0]).toEqual(JSON.parse(line(1)))
    expect(reports(sink)).toEqual([])
  })

  test.each<[string, { value: string; tag?: string }[], string[]]>([
    ['none', [], ['POST dry', 'POST']],
    ['the same', [{ value: 'cat', tag: 'all' }], []],
    ['another tag', [{ value: 'cat', tag: 'old' }], ['POST dry', 'POST', 'POST']],
    ['one too many', [{ value: 'cat', tag: 'all' }, { value: 'dog' }], ['POST']],
    ['others', [{ value: 'dog' }, { value: 'cow' }], ['POST dry', 'POST', 'POST']],
  ])('sets the rules where there are %s', async (_, before, asked) => {
    const standIn = await XStandIn.start()
    standIn.addRules(...before)
    await receive(standIn)
    await standIn.next()
    expect(standIn.rules.list.map(({ value, tag }) => ({ value, tag }))).toEqual(ALL)
    const posts = standIn.asked.filter((request) => request.startsWith('POST'))
    expect(posts.map((request) => (request.includes('dry_run=true') ? 'POST dry' : 'POST'))).toEqual(asked)
  })

  test('a rule that X refuses is an error that quotes it, and changes nothing', async () => {
    const standIn = await XStandIn.start()
    standIn.addRules({ value: 'dog' })
    const long = 'x'.repeat(1100)
    const { started } = await receive(standIn, { rules: [{ value: 'cat' }, { value: long }] })
    await expect(started).rejects.toThrow(/X refuses the rule "x+".*InvalidRule, The rule is too long/)
    expect(standIn.rules.list.map(({ value }) => value)).toEqual(['dog'])
  })

  test('rules that are not given stay as they are; a stream without rules is an error then', async () => {
    const standIn = await XStandIn.start()
    standIn.addRules({ value: 'dog' })
    await receive(standIn, { rules: undefined })
    await standIn.next()
    expect(standIn.rules.list.map(({ value }) => value)).toEqual(['dog'])
    const empty = await XStandIn.start()
    const { started } = await receive(empty, { rules: undefined })
    await expect(started).rejects.toThrow('The stream has no rules: set the option rules')
  })

  test('rules that someone deletes are set again', async () => {
    const standIn = await XStandIn.start()
    const { sink } = await receive(standIn)
    const first = await standIn.next()
    const ids = standIn.rules.list.map(({ id }) => id)
    standIn.rules.answer('POST', new URLSearchParams(), JSON.stringify({ delete: { ids } }))
    await write(first, '\r\n')
    first.response.end()
    await standIn.next()
    expect(standIn.rules.list.map(({ value }) => value)).toEqual(['cat'])
    expect(reports(sink).join()).toContain('409')
  })

  test.each<[string, number, string]>([
    ['401', 401, 'Check bearerToken'],
    ['403', 403, 'access tier'],
    ['400', 400, 'Check rules, fields and expansions'],
    ['404', 404, 'Check url'],
  ])('an answer of %s ends the source with an error that says what to do', async (_, status, says) => {
    const standIn = await XStandIn.start()
    standIn.refusals.push({ status, body: `no: Bearer ${TOKEN}` })
    const { started } = await receive(standIn)
    const error: Error = await started.then(
      () => new Error('started'),
      (cause: Error) => cause,
    )
    expect(error).toMatchObject({ code: 'ERR_MILLRACE_SOURCE', details: { final: true, status } })
    expect(error.message).toContain(says)
    expect(error.message).toContain('no: Bearer ***')
    expect(inspect(error, { depth: 9 })).not.toContain(TOKEN)
  })

  test('a wrong token is refused without being quoted, though the service quotes it', async () => {
    const standIn = await XStandIn.start()
    const { started, source } = await receive(standIn, { bearerToken: 'wrong-secret' })
    const error: Error = await started.then(
      () => new Error('started'),
      (cause: Error) => cause,
    )
    expect(error.message).toContain('401')
    expect(`${source.name} ${inspect(error, { depth: 9 })} ${inspect(source, { depth: 9 })}`).not.toContain(
      'wrong-secret',
    )
  })

  test.each<[string, { status: number; headers?: Record<string, string> }[], number[]]>([
    [
      '503 doubles',
      [503, 502, 500, 503, 503, 503, 503, 503].map((status) => ({ status })),
      [5, 10, 20, 40, 80, 160, 320, 320],
    ],
    ['429 and 420 double from a minute', [429, 420, 429].map((status) => ({ status })), [60, 120, 240]],
    ['429 with a time', [{ status: 429, headers: { 'x-rate-limit-reset': '1030' } }], [30]],
    ['503 with a pause', [{ status: 503, headers: { 'retry-after': '7' } }], [7]],
  ])('pauses grow as X asks for: %s', async (_, refusals, seconds) => {
    const standIn = await XStandIn.start()
    standIn.refusals.push(...refusals)
    const { sink, waits } = await receive(standIn, {}, { now: () => 1_000_000 })
    await standIn.next()
    expect(waits.map((ms) => ms / 1000)).toEqual(seconds)
    expect(sink.reports).toHaveLength(refusals.length)
  })

  test('pauses after network errors grow by 250 ms', async () => {
    const standIn = await XStandIn.start()
    const { waits, delay } = recordedDelay()
    const sink = new FakeSink()
    const options = checkXOptions({ url: 'http://127.0.0.1:1', bearerToken: TOKEN, rules: ALL })
    const receiver = filteredSource(options, { delay, now: Date.now, keepAliveMs: 20_000 }).create()
    closing(() => receiver.stop())
    await receiver.start(sink)
    await sink.until(() => sink.reports.length >= 70)
    expect(waits.slice(0, 4)).toEqual([250, 500, 750, 1000])
    expect(waits[68]).toBe(16_000)
    expect(reports(sink)[0]).toContain('ECONNREFUSED')
    expect(standIn.asked).toEqual([])
  })

  test('a stream that is silent for 20 s is left, and connected again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const standIn = await XStandIn.start()
    const { sink } = await receive(standIn)
    const first = await standIn.next()
    await write(first, line(1))
    await sink.until(() => sink.values.length === 1)
    vi.advanceTimersByTime(19_999)
    // A keep-alive counts.
    await write(first, '\r\n')
    await write(first, line(2))
    await sink.until(() => sink.values.length === 2)
    vi.advanceTimersByTime(19_999)
    expect(reports(sink)).toEqual([])
    vi.advanceTimersByTime(1)
    const second = await standIn.next()
    expect(reports(sink)[0]).toContain('nothing was heard for 20000 ms')
    await write(second, line(3))
    await sink.until(() => sink.values.length === 3)
  })

  test.each<[string, number | undefined, number, string]>([
    ['no backfill', undefined, 1000, 'posts of this time are missing'],
    ['a backfill that is long enough', 2, 120_000, 'X repeats these posts'],
    ['a backfill that is too short', 2, 120_001, 'posts of this time are missing'],
  ])('a gap is reported, with %s', async (_, backfillMinutes, gap, says) => {
    const standIn = await XStandIn.start()
    let now = 1_000_000
    const { sink } = await receive(standIn, backfillMinutes === undefined ? {} : { backfillMinutes }, {
      now: () => now,
    })
    const first = await standIn.next()
    expect(first.query.backfill_minutes).toBe(backfillMinutes && String(backfillMinutes))
    await write(first, line(1))
    await sink.until(() => sink.values.length === 1)
    now += gap
    first.response.destroy()
    const second = await standIn.next()
    await write(second, line(1) + line(2))
    await sink.until(() => sink.values.length === 2)
    // The repeated post is left out.
    expect(ids(sink)).toEqual([1, 2])
    expect(reports(sink)[1]).toContain(
      `1970-01-01T00:16:40.000Z to ${new Date(now).toISOString()} (${gap} ms); ${says}`,
    )
  })

  test('messages that are no posts are reported, once for each kind', async () => {
    const standIn = await XStandIn.start()
    const { sink } = await receive(standIn)
    const stream = await standIn.next()
    const errors = [{ title: 'operational-disconnect', disconnect_type: 'UpstreamOperationalDisconnect' }]
    for (const text of [JSON.stringify({ errors }), '{"news":1}', '{"news":2}', 'null', 'nonsense', line(1).trim()])
      await write(stream, `${text}\r\n`)
    await sink.until(() => sink.values.length === 1)
    expect(reports(sink)).toEqual([
      expect.stringContaining('X reports operational-disconnect (UpstreamOperationalDisconnect)'),
      expect.stringContaining('messages with news are not known'),
      expect.stringContaining('messages with no properties are not known'),
      expect.stringContaining('a line of 8 characters is not JSON'),
    ])
  })

  test('a full stream is not read, and its silence is not held against X', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const standIn = await XStandIn.start()
    const { sink } = await receive(standIn)
    sink.block()
    const stream = await standIn.next()
    await write(stream, line(1))
    await sink.until(() => sink.values.length === 1)
    vi.advanceTimersByTime(1_000_000)
    sink.release()
    await write(stream, line(2))
    await sink.until(() => sink.values.length === 2)
    expect(reports(sink)).toEqual([])
  })

  test('a stream of a context counts posts', async () => {
    const standIn = await XStandIn.start()
    const clock = new ManualClock()
    const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, clock })
    open.push(ssc)
    const found: number[] = []
    ssc
      .input<XPost>(xFilteredSource({ url: standIn.url, bearerToken: TOKEN, rules: ALL }))
      .map(({ data }) => Number(data.id))
      .foreachRDD(async (rdd) => void found.push(...(await rdd.collect())))
    await ssc.start()
    const stream = await standIn.next()
    await write(stream, [1, 2, 3].map((n) => line(n)).join(''))
    while (found.length < 3) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    expect(found).toEqual([1, 2, 3])
  })
})

test.each<[string, object, string]>([
  ['no token', {}, 'bearerToken is undefined'],
  [
    'a token with a space',
    { bearerToken: 'Bearer hunter2' },
    'bearerToken is undefined; it must be the token of an app',
  ],
  ['rules that are none', { bearerToken: 'a', rules: [] }, 'rules is an empty array'],
  ['a rule twice', { bearerToken: 'a', rules: [{ value: 'a' }, { value: 'a', tag: 'b' }] }, 'different rules'],
  ['a rule as text', { bearerToken: 'a', rules: ['cat'] }, 'a list of different rules such as'],
  ['an unknown kind of fields', { bearerToken: 'a', fields: { post: [] } }, "no option 'fields.post'"],
  [
    'a long backfill',
    { bearerToken: 'a', backfillMinutes: 6 },
    'backfillMinutes is 6; it must be a whole number from 1 to 5',
  ],
  [
    'a URL that is not encrypted',
    { bearerToken: 'a', url: 'http://api.x.com' },
    'url is "http://api.x.com"; it must be an https URL',
  ],
  ['an unknown option', { bearerToken: 'a', token: 'hunter2' }, "no option 'token'"],
])('a source with %s is refused', (_, options, text) => {
  const create = () => xFilteredSource(options as XFilteredOptions)
  expect(create).toThrow(text)
  expect(create).not.toThrow('hunter2')
})
