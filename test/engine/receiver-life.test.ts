import type { Receiver, ReceiverSink, ReceiverSource, StreamingContext } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { gather, manual, run } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

/** A receiver that a test drives, with its calls and the events of its life in one list. */
class Driven implements Receiver {
  readonly calls: string[] = []
  readonly sinks: ReceiverSink[] = []
  readonly source: ReceiverSource = { kind: 'receiver', name: 'driven', codec: 'records', create: () => this }
  /** How the next starts and stops go; by default at once. */
  onStart: (sink: ReceiverSink) => unknown = () => undefined
  onStop: () => unknown = () => undefined

  get sink(): ReceiverSink {
    return this.sinks.at(-1)!
  }

  async start(sink: ReceiverSink): Promise<void> {
    this.calls.push('start')
    this.sinks.push(sink)
    await this.onStart(sink)
  }

  async stop(): Promise<void> {
    this.calls.push('stop')
    await this.onStop()
  }

  async close(): Promise<void> {
    this.calls.push('close')
  }

  async stream(codec: 'records' | 'text' = 'records') {
    const { ssc, log, clock } = manual({ threads: 1, spare: false })
    open.push(ssc)
    ssc.on('receiverStarted', () => this.calls.push('started'))
    ssc.on('receiverStopped', ({ message = '', restartIn }) =>
      this.calls.push(['stopped', message, restartIn].filter(Boolean).join(' ')),
    )
    ssc.on('receiverError', ({ message, cause }) =>
      this.calls.push(`error ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`),
    )
    ssc.input<string>({ ...this.source, codec }).output('out')
    await ssc.start()
    return { ssc, log, clock, batches: gather<string>(ssc, 'out') }
  }
}

const records = async (batches: Promise<{ records: unknown[] }[]>) => (await batches).map((batch) => batch.records)

test('a receiver starts, reports, restarts after a delay and stops, and listeners hear of each step', async () => {
  const driven = new Driven()
  const { ssc, batches } = await driven.stream()
  expect(driven.calls).toEqual(['start', 'started'])
  driven.sink.records(['a'])
  driven.sink.report('test report error', new Error('test report exception'))
  driven.sink.restart('connection lost', new Error('reset'), 10)
  expect(driven.calls.slice(2)).toEqual(['error test report error: test report exception'])
  expect(driven.sink.signal.aborted).toBe(false)
  await eventually(() => expect(driven.calls).toContain('stopped connection lost 10'))
  expect(driven.sinks[0]!.signal.aborted).toBe(true)
  await eventually(() => expect(driven.sinks).toHaveLength(2))
  driven.sink.records(['b'])
  driven.sink.stop('end of input')
  await eventually(() => expect(driven.calls.at(-1)).toBe('stopped end of input'))
  await run(ssc, 1)
  await ssc.stop({ graceful: true })
  expect(driven.calls.slice(2)).toEqual([
    'error test report error: test report exception',
    'stop',
    'stopped connection lost 10',
    'start',
    'started',
    'stop',
    'stopped end of input',
    'stop',
    'close',
  ])
  expect((await records(batches)).flat()).toEqual(['a', 'b'])
})

test('a restart without a delay waits 2 s, in the background; a stop of the stream ends that wait', async () => {
  const driven = new Driven()
  const { ssc } = await driven.stream()
  driven.sink.restart('lost')
  await eventually(() => expect(driven.calls.at(-1)).toBe('stopped lost 2000'))
  await ssc.stop()
  expect(driven.calls.filter((call) => call === 'start')).toHaveLength(1)
})

test('further requests of a session that ends have no effect', async () => {
  const driven = new Driven()
  await driven.stream()
  const first = driven.sink
  first.restart('one', undefined, 1)
  first.restart('two', undefined, 1)
  first.stop('three')
  await eventually(() => expect(driven.sinks).toHaveLength(2))
  first.stop('four')
  await run(open[0]!, 1)
  expect(driven.calls.filter((call) => call.startsWith('stopped'))).toEqual(['stopped one 1'])
})

test('a receiver never runs twice: the next start waits for the stop before', async () => {
  const driven = new Driven()
  let stopped = () => {}
  driven.onStop = () =>
    new Promise<void>((resolve) => {
      stopped = resolve
    })
  const { ssc } = await driven.stream()
  driven.sink.restart('lost', undefined, 1)
  await eventually(() => expect(driven.calls).toContain('stop'))
  await run(ssc, 2)
  expect(driven.sinks).toHaveLength(1)
  // What it brings until it has stopped counts.
  driven.sink.records(['late'])
  driven.onStop = () => undefined
  stopped()
  await eventually(() => expect(driven.sinks).toHaveLength(2))
})

test('a start that throws is reported and tried again; a restart that cannot start is, too', async () => {
  const driven = new Driven()
  let failures = 1
  driven.onStart = () => {
    if (failures-- > 0) throw new Error('refused')
  }
  await driven.stream()
  await eventually(() => expect(driven.calls.at(-1)).toBe('started'))
  failures = 1
  driven.sink.restart('lost', undefined, 1)
  await eventually(() => expect(driven.sinks).toHaveLength(4))
  await eventually(() => expect(driven.calls.at(-1)).toBe('started'))
  expect(driven.calls).toEqual([
    'start',
    'error cannot start, trying again in 100 ms: refused: refused',
    'start',
    'started',
    'stop',
    'stopped lost 1',
    'start',
    'error cannot start, trying again in 100 ms: refused: refused',
    'start',
    'started',
  ])
})

test('a start that fails for good rejects the start of the stream; of a restart it is reported', async () => {
  const refused = Object.assign(new Error('no such topic'), { details: { final: true } })
  const driven = new Driven()
  driven.onStart = () => {
    throw refused
  }
  await expect(driven.stream()).rejects.toThrow('driven failed to start: no such topic')
  const later = new Driven()
  await later.stream()
  later.onStart = driven.onStart
  later.sink.restart('lost', undefined, 1)
  await eventually(() => expect(later.calls.at(-1)).toMatch(/^error cannot be started: /))
})

test('a stop that throws is reported, and the receiver starts again', async () => {
  const driven = new Driven()
  driven.onStop = () => {
    driven.onStop = () => undefined
    throw new Error('busy')
  }
  await driven.stream()
  driven.sink.restart('lost', undefined, 1)
  await eventually(() => expect(driven.sinks).toHaveLength(2))
  expect(driven.calls).toContain('error cannot stop: driven failed to stop: busy')
})

test.each(['records', 'text', 'endOfText', 'space', 'advance'] as const)(
  'after the stop %s throws, so that nothing counts as taken',
  async (method) => {
    const driven = new Driven()
    const { ssc } = await driven.stream('text')
    await ssc.stop()
    const call = { records: [['x']], text: [Buffer.from('x')], endOfText: [], space: [], advance: [1] }[method]
    expect(() => (driven.sink[method] as (...args: unknown[]) => void)(...call)).toThrow(/after it had stopped/)
  },
)

test('records, text and texts without an end keep their order, and a restart ends an unfinished line', async () => {
  const driven = new Driven()
  const { ssc, batches } = await driven.stream('text')
  driven.sink.text(Buffer.from('one\ntwo\nthr'))
  driven.sink.restart('lost', undefined, 1)
  await eventually(() => expect(driven.sinks).toHaveLength(2))
  driven.sink.text(Buffer.from('four\n'))
  await ssc.stop({ graceful: true })
  expect((await records(batches)).flat()).toEqual(['one', 'two', 'thr', 'four'])
})

test('an interval without data is a batch without blocks; a call with many records is in one batch, in order', async () => {
  const driven = new Driven()
  const { ssc, batches } = await driven.stream()
  const sizes: [number, number][] = []
  ssc.on('batchCompleted', ({ records: n, inputs }) => sizes.push([n, inputs[0]!.bytes]))
  const many = Array.from({ length: 50_000 }, (_, i) => `record ${i}`)
  await run(ssc, 3, (batch) => {
    if (batch === 1) driven.sink.records(many)
  })
  await ssc.stop()
  expect(sizes.map(([n]) => n)).toEqual([0, 50_000, 0])
  expect([sizes[0]![1], sizes[2]![1]]).toEqual([0, 0])
  expect(await records(batches)).toEqual([[], many, []])
})

test('a stop right after the data arrived processes all of it', async () => {
  const driven = new Driven()
  const { ssc, batches } = await driven.stream()
  for (let i = 1; i <= 1000; i++) driven.sink.records([`${i}`])
  await ssc.stop({ graceful: true })
  expect((await records(batches)).flat()).toEqual(Array.from({ length: 1000 }, (_, i) => `${i + 1}`))
})

test('what a receiver stores while it stops is processed', async () => {
  const driven = new Driven()
  driven.onStop = async () => {
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      driven.sink.records([`${i}`])
    }
  }
  const { ssc, batches } = await driven.stream()
  await ssc.stop({ graceful: true })
  expect((await records(batches)).flat()).toEqual(['0', '1', '2', '3', '4'])
})

test('many writers at once lose nothing', async () => {
  const driven = new Driven()
  const { ssc, batches } = await driven.stream()
  const writer = async (name: number) => {
    for (let i = 0; i < 1000; i++) {
      driven.sink.records([`${name}-${i}`])
      if (i % 97 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const writers = Promise.all(Array.from({ length: 10 }, (_, name) => writer(name)))
  await run(ssc, 3)
  await writers
  await ssc.stop({ graceful: true })
  expect(new Set((await records(batches)).flat()).size).toBe(10_000)
  expect((await records(batches)).flat()).toHaveLength(10_000)
})

test('an iterable at its end stops its receiver once, and the streams go on', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  open.push(ssc)
  const stops: unknown[] = []
  ssc.on('receiverStopped', ({ name, message }) => stops.push([name, message]))
  ssc.fromIterable(['a'], { name: 'three' }).foreachRDD(() => {})
  await ssc.start()
  await eventually(() => expect(stops).toHaveLength(1))
  await run(ssc, 1)
  await ssc.stop()
  expect(stops).toEqual([['three', undefined]])
})
