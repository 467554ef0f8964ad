import { ManualClock, StateSpec, type StreamingContext } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { expect, onTestFinished, test } from 'vitest'
import { Api } from '#build/ui/serve/api.js'
import { inDriverThread, raw, watched } from './support.js'

/** Asks for the state of a key. */
async function lookedUp(ssc: Pick<StreamingContext, 'ui'>, path: string): Promise<{ status: number; body: never }> {
  const { status, text } = await raw(ssc.ui!.url!, { path: `/api/v1/state/${path}` })
  return { status, body: JSON.parse(text) as never }
}

/** Streams with state of several kinds of keys, on a manual clock. */
async function running() {
  const clock = new ManualClock(0)
  const ssc = watched({ clock, batchInterval: 1000 })
  onTestFinished(() => void ssc.stop())
  const pairs = ssc.queueStream<[unknown, number]>([
    [
      ['a', 1],
      [7, 70],
      ['7', 700],
      [{ x: 1, y: [2] }, 5],
    ],
    [
      ['a', 2],
      ['', 3],
      ['long', 100_000],
    ],
    [],
  ])
  pairs
    .updateStateByKey<unknown>((values, sum) =>
      values[0] === 100_000 ? 'x'.repeat(100_000) : values.reduce((t, n) => t + n, (sum as number) ?? 0),
    )
    .uid('sums')
    .output('sums')
  const spec = StateSpec.function<unknown, number, { last: number }, number>((_, n, state) => {
    state.update({ last: n! })
    return n!
  })
  pairs.mapWithState(spec).uid('the/last').output('last')
  for (const name of ['sums', 'last']) void drain(ssc, name)
  await ssc.start()
  return { ssc, clock }
}

async function drain(ssc: StreamingContext, name: string): Promise<void> {
  for await (const _ of ssc.output(name));
}

test('a look-up returns the newest state of a key, for keys of each kind', async () => {
  const { ssc, clock } = await running()
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(await lookedUp(ssc, 'sums?key=a')).toEqual({
    status: 200,
    body: { stream: expect.any(Number), label: 'updateStateByKey', uid: 'sums', version: 1000, found: true, value: 1 },
  })
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect((await lookedUp(ssc, 'sums?key=a')).body).toMatchObject({ version: 2000, found: true, value: 3 })
  expect((await lookedUp(ssc, 'sums?key=%22a%22')).body).toMatchObject({ value: 3 })
  expect((await lookedUp(ssc, 'sums?key=7')).body, 'JSON: a number').toMatchObject({ value: 70 })
  expect((await lookedUp(ssc, 'sums?key=%227%22')).body).toMatchObject({ value: 700 })
  expect((await lookedUp(ssc, 'sums?key=')).body).toMatchObject({ value: 3 })
  expect((await lookedUp(ssc, 'sums?key={%22y%22:[2],%22x%22:1}')).body).toMatchObject({ value: 5 })
  expect((await lookedUp(ssc, 'the%2Flast?key=a')).body).toMatchObject({ uid: 'the/last', value: { last: 2 } })
  const none = (await lookedUp(ssc, 'sums?key=absent')).body as object
  expect(none).toMatchObject({ found: false })
  expect(none).not.toHaveProperty('value')
  const { stream } = (await lookedUp(ssc, 'sums?key=a')).body as { stream: number }
  expect((await lookedUp(ssc, `${stream}?key=a`)).body).toMatchObject({ uid: 'sums' })
})

test('a look-up after the death of every thread rebuilds the state, and the next batch continues from it', async () => {
  const { ssc, clock } = await running()
  await clock.advance(2000)
  await ssc.awaitIdle()
  await Promise.all([terminateThread(ssc, 0), terminateThread(ssc, 1)])
  expect((await lookedUp(ssc, 'sums?key=a')).body).toMatchObject({ version: 2000, value: 3 })
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect((await lookedUp(ssc, 'sums?key=a')).body).toMatchObject({ version: 3000, value: 3 })
})

test('look-ups that cannot be answered say why', async () => {
  const { ssc, clock } = await running()
  expect(await lookedUp(ssc, 'sums?key=a')).toMatchObject({ status: 409, body: { error: { code: 'state' } } })
  await clock.advance(2000)
  await ssc.awaitIdle()
  const unknown = await lookedUp(ssc, 'nothing?key=a')
  expect(unknown).toMatchObject({ status: 404 })
  expect(JSON.stringify(unknown.body)).toContain('Those of the graph')
  expect(await lookedUp(ssc, 'sums')).toMatchObject({ status: 400, body: { error: { code: 'key' } } })
  expect(await lookedUp(ssc, '?key=a')).toMatchObject({ status: 400 })
  expect(await lookedUp(ssc, `sums?key=${'k'.repeat(2000)}`)).toMatchObject({ status: 400 })
  expect(await lookedUp(ssc, 'sums?key=long')).toMatchObject({ status: 413 })
  expect(await lookedUp(ssc, '%?key=a')).toMatchObject({ status: 404 })
})

test('at most four look-ups run at a time', async () => {
  const waiting: (() => void)[] = []
  const lookUpState = () => new Promise((resolve) => waiting.push(() => resolve({ found: false })))
  const api = new Api({ lookUpState } as never)
  const query = new URLSearchParams({ key: 'a' })
  const first = Array.from({ length: 4 }, () => api.get('state/sums', query))
  expect((await api.get('state/sums', query)).status).toBe(503)
  for (const answer of waiting.splice(0)) answer()
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const next = api.get('state/sums', query)
  for (const answer of waiting) answer()
  expect((await next).status, 'there is room again').toBe(200)
})

test('a look-up is guarded like everything else', async () => {
  const { ssc, clock } = await running()
  await clock.advance(1000)
  await ssc.awaitIdle()
  const path = '/api/v1/state/sums?key=a'
  expect((await raw(ssc.ui!.url!, { path, headers: { host: 'evil.example' } })).status).toBe(403)
  expect((await raw(ssc.ui!.url!, { path, headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
})

test('streams in a driver thread answer look-ups too', async () => {
  const pipeline = await inDriverThread()
  const { text } = await raw(pipeline.ui!.url!, { path: '/api/v1/state' })
  const [{ stream }] = JSON.parse(text) as [{ stream: number }]
  expect((await lookedUp(pipeline, `${stream}?key=batches`)).body).toMatchObject({
    version: 3000,
    found: true,
    value: 3,
  })
  expect(await lookedUp(pipeline, 'nothing?key=batches')).toMatchObject({ status: 404 })
})
