import { ArgumentError, GraphError, ManualClock, StateError, StreamingContext } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { gather, manual, run } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

function context(options: Parameters<typeof manual>[0] = {}) {
  const made = manual({ threads: 1, spare: false, ...options })
  open.push(made.ssc)
  return made
}

describe('states', () => {
  test('INITIALIZED, ACTIVE, STOPPED; the batch context stops too', async () => {
    const { ssc } = context()
    ssc.queueStream([[1]]).print()
    expect(ssc.state).toBe('INITIALIZED')
    await ssc.start()
    expect(ssc.state).toBe('ACTIVE')
    await ssc.stop()
    expect(ssc.state).toBe('STOPPED')
    expect(() => ssc.context.range(10)).toThrow(StateError)
  })

  test('start twice is a warning, stop twice nothing', async () => {
    const { ssc, log } = context()
    ssc.queueStream([[1]]).output('x')
    await ssc.start()
    await ssc.start()
    expect(log.join()).toContain('started already')
    await ssc.stop()
    await ssc.stop()
    expect(ssc.state).toBe('STOPPED')
  })

  test('stop before start; then start is an error', async () => {
    const { ssc } = context()
    ssc.queueStream([[1]]).output('x')
    await ssc.stop()
    await expect(ssc.start()).rejects.toThrow(/cannot be started again/)
    expect(ssc.state).toBe('STOPPED')
  })

  test('stop({ stopContext: false }) leaves the batch context; a later stop ends it', async () => {
    const { ssc } = context()
    ssc.queueStream([[1]]).output('x')
    await ssc.start()
    await ssc.stop({ stopContext: false })
    expect(await ssc.context.range(1, 101).count()).toBe(100)
    await ssc.stop()
    expect(() => ssc.context.range(10)).toThrow(StateError)
  })

  test('nothing may be added later, and the message says after what', async () => {
    const { ssc } = context()
    const stream = ssc.queueStream([[1]])
    stream.output('x')
    await ssc.start()
    expect(() => ssc.queueStream([[1]])).toThrow(/start/)
    expect(() => stream.map((x) => x)).toThrow(/start/)
    expect(() => stream.print()).toThrow(/start/)
    await ssc.stop()
    expect(() => stream.map((x) => x)).toThrow(/stop/)
  })

  test('a graph without outputs is refused at start', async () => {
    const { ssc } = context()
    ssc.queueStream([[1]]).map((x) => x + 1)
    await expect(ssc.start()).rejects.toThrow(GraphError)
    expect(ssc.state).toBe('STOPPED')
  })

  test('await using stops', async () => {
    let outside: StreamingContext
    {
      await using ssc = context().ssc
      ssc.queueStream([[1]]).output('x')
      await ssc.start()
      outside = ssc
    }
    expect(outside.state).toBe('STOPPED')
  })
})

describe('termination', () => {
  test('awaitTerminationOrTimeout tells whether it stopped', async () => {
    const { ssc } = context()
    ssc.queueStream([[1]]).output('x')
    await ssc.start()
    expect(await ssc.awaitTerminationOrTimeout(5)).toBe(false)
    const waiting = ssc.awaitTerminationOrTimeout('1h')
    await ssc.stop()
    expect(await waiting).toBe(true)
    await ssc.awaitTermination()
  })

  test('a task that throws: batch, operation and partition are named, the cause is kept, the await rejects', async () => {
    const { ssc, clock } = context()
    ssc
      .queueStream([[1, 2, 3]])
      .map((): number => {
        throw new TypeError('error in map task')
      })
      .output('x')
    await ssc.start()
    const ended = expect(ssc.awaitTermination()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      message: expect.stringContaining('error in map task'),
      details: { batchTime: 1000, operation: expect.stringContaining('map'), partition: 0 },
      cause: { name: 'TypeError' },
    })
    await clock.advance(1000)
    await ended
    expect(ssc.state).toBe('STOPPED')
  })

  test('an error while the job is made arrives as it is', async () => {
    const { ssc, clock } = context()
    const fault = new RangeError('error in transform')
    ssc
      .queueStream([[1]])
      .transform(() => {
        throw fault
      })
      .output('x')
    await ssc.start()
    const ended = expect(ssc.awaitTermination()).rejects.toBe(fault)
    await clock.advance(1000)
    await ended
  })

  test('two failing outputs: the second still runs', async () => {
    const { ssc, clock } = context()
    const stream = ssc.queueStream([[1]])
    const ran: string[] = []
    for (const name of ['first', 'second']) {
      stream.foreachRDD(() => {
        ran.push(name)
        throw new Error(`${name} failed`)
      })
    }
    const completed = new Promise((resolve) => ssc.on('batchCompleted', resolve))
    await ssc.start()
    const ended = expect(ssc.awaitTermination()).rejects.toThrow('first failed')
    await clock.advance(1000)
    expect(await completed).toMatchObject({
      time: 1000,
      outputs: [
        { id: 0, error: { cause: { message: 'first failed' } } },
        { id: 1, error: { cause: { message: 'second failed' } } },
      ],
    })
    expect(ran).toEqual(['first', 'second'])
    await ended
  })
})

describe('graceful stop', () => {
  test('everything pushed before the stop is processed', async () => {
    const { ssc } = context()
    const input = ssc.pushStream<number>('in')
    input.count().output('n')
    await ssc.start()
    const batches = gather<number>(ssc, 'n')
    await run(ssc, 1, () => void input.push(1, 2, 3))
    input.push(4, 5)
    await ssc.stop({ graceful: true, timeout: '1h' })
    expect((await batches).map((batch) => batch.records[0])).toEqual([3, 2])
  })

  test('a batch that fails on the way out is told', async () => {
    const { ssc } = context()
    const input = ssc.pushStream<number>('in')
    input.foreachRDD(() => {
      throw new RangeError('in the last batch')
    })
    await ssc.start()
    input.push(1)
    const ended = expect(ssc.awaitTermination()).rejects.toThrow('in the last batch')
    await ssc.stop({ graceful: true, timeout: '1h' })
    await ended
  })

  test('one that takes too long is given up, and that is told', async () => {
    const { ssc } = context()
    const input = ssc.pushStream<number>('in')
    input.foreachRDD(() => new Promise(() => {}))
    await ssc.start()
    input.push(1)
    const ended = expect(ssc.awaitTermination()).rejects.toThrow(/abandoned work after 50 ms/)
    await ssc.stop({ graceful: true, timeout: 50 })
    await ended
  })

  test('stop() while start() is under way ends both', async () => {
    const { ssc } = context()
    ssc.pushStream<number>('in').output('x')
    const started = expect(ssc.start()).rejects.toThrow(/stopped while it was starting|is stopped/)
    await ssc.stop()
    await started
    expect(ssc.state).toBe('STOPPED')
  })

  test('right after the start it returns', async () => {
    const { ssc } = context({ clock: undefined, batchInterval: 100 })
    ssc.pushStream<number>('in').count().output('n')
    await ssc.start()
    await ssc.stop({ graceful: true, timeout: '1h' })
    expect(ssc.state).toBe('STOPPED')
  })
})

describe('bad options', () => {
  const bad: [string, object, RegExp][] = [
    ['negative interval', { batchInterval: -5 }, /batchInterval is -5/],
    ['unknown unit', { batchInterval: '5 parsecs' }, /batchInterval is "5 parsecs"/],
    ['no interval', {}, /batchInterval/],
    ['no threads', { batchInterval: 10, threads: 0 }, /threads is 0/],
    [
      'a heap of no size',
      { batchInterval: 10, resourceLimits: { maxOldGenerationSizeMb: 0 } },
      /maxOldGenerationSizeMb: 0/,
    ],
    ['unknown option', { batchInterval: 10, treads: 2 }, /Unknown option 'treads'/],
    ['four replicas', { batchInterval: 10, replicas: 4 }, /replicas is 4; it must be a whole number from 1 to 3/],
  ]
  test.each(bad)('%s', (_, options, message) => {
    expect(() => new StreamingContext(options as never)).toThrow(ArgumentError)
    expect(() => new StreamingContext(options as never)).toThrow(message)
  })

  test('window lengths are checked when the operator is made', () => {
    const { ssc } = context()
    expect(() => ssc.queueStream([[1]]).window(1500)).toThrow(/multiple of the slide/)
  })

  test('output names are unique, and an unknown one lists those that are there', () => {
    const { ssc } = context()
    const stream = ssc.queueStream([[1]])
    stream.output('a')
    expect(() => stream.output('a')).toThrow(ArgumentError)
    expect(() => ssc.output('b')).toThrow(/Outputs: a/)
  })
})

test('batch events: submitted, started, completed, with delays and records', async () => {
  const { ssc } = context()
  ssc.queueStream([[1], [2], [3], [4]]).output('x')
  const events: string[] = []
  for (const name of ['batchSubmitted', 'batchStarted', 'batchCompleted'] as const)
    ssc.on(name, ({ time }) => events.push(`${name} ${time}`))
  const infos: unknown[] = []
  ssc.on('batchCompleted', (info) => infos.push(info))
  await ssc.start()
  await run(ssc, 4)
  expect(events).toEqual(
    [1000, 2000, 3000, 4000].flatMap((t) => [`batchSubmitted ${t}`, `batchStarted ${t}`, `batchCompleted ${t}`]),
  )
  for (const info of infos)
    expect(info).toMatchObject({ records: 1, schedulingDelay: 0, processingDelay: 0, totalDelay: 0 })
  await ssc.stop()
  expect(new ManualClock(5).now()).toBe(5)
})
