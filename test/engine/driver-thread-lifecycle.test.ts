import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ArgumentError, ManualClock, PipelineError, StateError, StreamingContext, SystemClock } from 'millrace'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { DRIVERS, gatherFrom, moduleAt, opened, sharedWord, stopAll, threaded, until } from './driver-thread-support.js'

afterEach(stopAll)

describe.each(DRIVERS)('driver: %s', (driver) => {
  test('INITIALIZED, ACTIVE, STOPPED; start twice is a warning, after a stop an error; stop twice nothing', async () => {
    const { ssc, log } = await opened('faults.mjs', driver)
    expect(ssc.state).toBe('INITIALIZED')
    expect(ssc.batchInterval).toBe(1000)
    await ssc.start()
    expect(ssc.state).toBe('ACTIVE')
    await ssc.start()
    expect(log).toContainEqual({
      level: 'warn',
      message: expect.stringContaining('started already'),
      details: undefined,
    })
    await ssc.stop()
    expect(ssc.state).toBe('STOPPED')
    await ssc.stop()
    await ssc.awaitTermination()
    await ssc.awaitIdle()
    await expect(ssc.start()).rejects.toThrow(/cannot be started again/)
  })

  test("start({ until: 'caught-up' }) ends by itself; its outputs can be read", async () => {
    const { ssc } = await opened('queue.mjs', driver)
    const batches = gatherFrom<number>(ssc, 'numbers')
    await expect(ssc.start({ until: 'never' as never })).rejects.toThrow('until is "never"')
    await ssc.start({ until: 'caught-up' })
    await ssc.awaitTermination()
    expect(ssc.state).toBe('STOPPED')
    expect((await batches).map(({ records }) => records)).toEqual([[1, 2], [3]])
  })

  test('stop before start', async () => {
    const { ssc } = await opened('faults.mjs', driver)
    const ended = ssc.awaitTermination()
    await ssc.stop()
    await ended
    await expect(ssc.start()).rejects.toThrow(StateError)
  })

  test('stop() while start() is under way ends both', async () => {
    const { ssc } = await opened('faults.mjs', driver)
    const started = expect(ssc.start()).rejects.toThrow(/stopped while it was starting|is stopped/)
    await ssc.stop()
    await started
    expect(ssc.state).toBe('STOPPED')
  })

  test('await using stops', async () => {
    let outside: { readonly state: string }
    {
      await using ssc = (await opened('faults.mjs', driver)).ssc
      await ssc.start()
      outside = ssc
    }
    expect(outside.state).toBe('STOPPED')
  })

  test('awaitTerminationOrTimeout tells whether it stopped', async () => {
    const { ssc } = await opened('faults.mjs', driver)
    await ssc.start()
    expect(await ssc.awaitTerminationOrTimeout(5)).toBe(false)
    const waiting = ssc.awaitTerminationOrTimeout('1h')
    await ssc.stop()
    expect(await waiting).toBe(true)
  })

  test('the clock moves on its own after the stop', async () => {
    const { ssc, clock } = await opened('faults.mjs', driver)
    await ssc.start()
    const moving = clock.advance(1000)
    await ssc.stop()
    await moving
    await clock.advance(500)
    expect(ssc.clock.now()).toBe(1500)
  })

  test('a graph without outputs is refused at start', async () => {
    const { ssc } = await opened('no-output.mjs', driver)
    await expect(ssc.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_GRAPH', faults: [expect.any(String)] })
    expect(ssc.state).toBe('STOPPED')
    await ssc.awaitTermination()
  })

  test('a task that throws ends the streams: class, code, details and cause arrive', async () => {
    const { ssc, clock } = await opened('task.mjs', driver, { params: { does: 'throws' } })
    await ssc.start()
    const doubled = expect(gatherFrom(ssc, 'doubled')).rejects.toThrow('13 is not taken')
    const ended = expect(ssc.awaitTermination()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      message: expect.stringContaining('13 is not taken'),
      details: { batchTime: 1000, operation: expect.stringContaining('map') },
      cause: expect.any(TypeError),
    })
    ssc.pushHandle('numbers').push(13)
    await clock.advance(1000)
    await expect(ssc.awaitIdle()).rejects.toThrow('13 is not taken')
    await ended
    await doubled
    expect(ssc.state).toBe('STOPPED')
    await ssc.stop({ graceful: true, timeout: '1h' })
  })

  test('a batch that fails in a graceful stop is told', async () => {
    const { ssc } = await opened('faults.mjs', driver, { params: { fault: 'throws' } })
    await ssc.start()
    const ended = expect(ssc.awaitTermination()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_OUTPUT_FAILED',
      message: expect.stringMatching(
        /^foreachRDD, called at .*faults\.mjs:\d+:\d+, failed in batch 1000 ms: of its own$/,
      ),
      cause: { name: 'OwnError', message: 'of its own' },
    })
    await ssc.stop({ graceful: true, timeout: '1h' })
    await ended
  })

  test('a graceful stop that takes too long is given up, and that is told', async () => {
    const { ssc } = await opened('faults.mjs', driver, { params: { fault: 'hangs' } })
    await ssc.start()
    const ended = expect(ssc.awaitTermination()).rejects.toThrow(/abandoned work after 50 ms/)
    await ssc.stop({ graceful: true, timeout: 50 })
    await ended
  })

  test('an output that is asked for after the end ends at once', async () => {
    const { ssc } = await opened('faults.mjs', driver)
    await ssc.start()
    await ssc.stop()
    expect(await gatherFrom(ssc, 'numbers')).toEqual([])
    expect(() => ssc.pushHandle('numbers').push(1)).toThrow(/its context is stopped/)
  })

  const refused: [string, object, RegExp][] = [
    ['an unknown option', { treads: 2 }, /Unknown option 'treads'/],
    ['threads', { threads: 0 }, /threads is 0/],
    ['the interval', { batchInterval: -5 }, /batchInterval is -5/],
    ['a fault plan that is none', { faults: [() => 1] }, /faults\[0\] is a function; it must be a plan such as/],
    [
      'a counter of a fault plan',
      { faults: [{ point: 'task:start', nth: 1, passes: 4 }] },
      /faults\[0\]\.passes is .*4/,
    ],
    ['faults', { faults: new Map() }, /faults is .*Map.*; it must be a list of plans/],
    ['the clock', { clock: { now: 5 } }, /clock is .*; it must be|clock: a driver/],
    ['the checkpoint directory', { checkpointDir: 5 }, /checkpoint directory is 5/],
    ['outputRetries', { outputRetries: { attempts: 0 } }, /attempts is .*0/],
    ['the logger', { logger: { warn: 1 } }, /logger/],
    ['backpressure', { backpressure: { maxRate: () => 1 } }, /maxRate is/],
    ['the driver', { driver: 'elsewhere' }, /driver is "elsewhere"; it must be 'host' or 'thread'/],
  ]
  test.each(refused)('what is wrong with %s is told, before any thread starts', async (_, options, message) => {
    const threads: unknown[] = []
    const onWorker = (worker: unknown) => void threads.push(worker)
    process.on('worker', onWorker)
    onTestFinished(() => void process.off('worker', onWorker))
    const given = { batchInterval: 1000, driver, ...options }
    const made = StreamingContext.fromPipeline(moduleAt('faults.mjs'), given as never)
    await expect(made).rejects.toThrow(message)
    await expect(made).rejects.toBeInstanceOf(ArgumentError)
    expect(threads).toEqual([])
  })

  test('a module that is not there, and names that are not there', async () => {
    await expect(opened('nothing-here.mjs', driver)).rejects.toThrow(PipelineError)
    await expect(opened('nothing-here.mjs', driver)).rejects.toMatchObject({ cause: { code: 'ERR_MODULE_NOT_FOUND' } })
    const { ssc } = await opened('faults.mjs', driver)
    expect(() => ssc.output('b')).toThrow(/no output named "b". Outputs: numbers/)
    expect(() => ssc.pushHandle('b')).toThrow(/no pushStream named "b". Names: numbers/)
  })
})

describe('only with a driver in a thread', () => {
  test('options that cannot be copied are named, a clock of another kind and stopContext: false are refused', async () => {
    const faults = [{ point: 'task:start', nth: 1, passes: new SharedArrayBuffer(4), alsoNot: () => {} }]
    await expect(threaded('faults.mjs', { faults })).rejects.toThrow(/^faults cannot be sent to a driver.*'host'/)
    const clock = { now: () => 0, at: () => () => {} }
    await expect(threaded('faults.mjs', { clock })).rejects.toThrow(/takes no clock \(real time\) or a ManualClock/)
    const { ssc } = await threaded('faults.mjs', { clock: new SystemClock() })
    expect(() => ssc.stop({ stopContext: false })).toThrow(ArgumentError)
    expect(() => ssc.stop({ graceful: true, timeout: 'soon' })).toThrow(/the timeout of stop\(\) is "soon"/)
  })

  test('a stop that is not graceful ends a driver whose batch never ends; who waits for the batch is let go', async () => {
    const seen = sharedWord()
    const { ssc, clock } = await threaded('faults.mjs', { params: { fault: 'hangs', seen } })
    await ssc.start()
    await clock.advance(1000)
    const idle = ssc.awaitIdle()
    await until(() => Atomics.load(seen, 0) > 0)
    await ssc.stop()
    await idle
  })

  test('a host that has stopped, and one that never started, can end', async () => {
    const script = fileURLToPath(moduleAt('left-running.mjs'))
    const host = (...words: string[]) => promisify(execFile)(process.execPath, [script, ...words], { timeout: 600_000 })
    expect((await host()).stdout).toBe('INITIALIZED\n')
    // A manual clock that no code moves keeps no process alive, as in the host's own thread.
    expect((await host('start')).stdout).toBe('ACTIVE\n')
  })

  test('moves of a manual clock reach alarms of both threads in the order of time', async () => {
    const { ssc, clock } = await threaded('faults.mjs')
    const order: string[] = []
    ssc.on('batchSubmitted', ({ time }) => order.push(`batch ${time}`))
    for (const time of [500, 1500, 2500]) clock.at(time, () => order.push(`alarm ${time}`))
    await ssc.start()
    await clock.advance(2600)
    await ssc.awaitIdle()
    expect(order).toEqual(['alarm 500', 'batch 1000', 'alarm 1500', 'batch 2000', 'alarm 2500'])
    expect(clock).toBeInstanceOf(ManualClock)
  })
})
