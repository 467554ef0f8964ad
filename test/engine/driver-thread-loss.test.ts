import { ThreadLostError } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { gatherFrom, sharedWord, stopAll, threaded, until } from './driver-thread-support.js'

afterEach(stopAll)

describe('when the driver thread dies', () => {
  test('everything that waits rejects with the reason, and nothing is left waiting', async () => {
    const seen = sharedWord()
    const { ssc, clock, log } = await threaded('faults.mjs', { params: { fault: 'spins', seen } })
    await ssc.start()
    const numbers = gatherFrom(ssc, 'numbers')
    const input = ssc.pushHandle<number>('numbers')
    input.push(1, 2)
    await clock.advance(999)
    const advance = clock.advance(1)
    // From here on the driver is in a loop and takes nothing.
    await until(() => Atomics.load(seen, 0) > 0)
    const waiting = {
      advance,
      idle: ssc.awaitIdle(),
      push: input.pushAll(new Array(10_000).fill(0)),
      termination: ssc.awaitTermination(),
      orTimeout: ssc.awaitTerminationOrTimeout('1h'),
      output: numbers,
    }
    expect(waiting.push).toBeInstanceOf(Promise)
    const settled = Promise.allSettled(Object.values(waiting))
    const stop = ssc.stop({ graceful: true, timeout: '1h' })
    await ssc.terminate()
    const lost = { code: 'ERR_MILLRACE_THREAD_LOST', reason: 'terminated', message: expect.stringContaining('driver') }
    await expect(stop).rejects.toMatchObject(lost)
    const names = Object.keys(waiting)
    for (const [i, outcome] of (await settled).entries()) {
      // Its one alarm fires in the driver before the loop: a move may have been answered by then.
      if (names[i] === 'advance' && outcome.status === 'fulfilled') continue
      expect(outcome, names[i]).toMatchObject({ status: 'rejected', reason: lost })
    }
    expect(ssc.state).toBe('STOPPED')
    expect(() => ssc.pushHandle('numbers')).not.toThrow()
    await expect(ssc.start()).rejects.toThrow(/cannot be started again/)
    await expect(ssc.awaitIdle()).rejects.toBeInstanceOf(ThreadLostError)
    await clock.advance(1)
    expect(log.filter(({ message }) => message.includes('256'))).toEqual([])
  })

  test('what it had sent before is still delivered, then the error comes', async () => {
    const { ssc, clock, log } = await threaded('faults.mjs')
    await ssc.start()
    ssc.pushHandle('numbers').push(1, 2)
    await clock.advance(1000)
    await ssc.awaitIdle()
    await ssc.terminate()
    const batches = ssc.output('numbers')[Symbol.asyncIterator]()
    expect((await batches.next()).value).toEqual({ time: 1000, records: [1, 2] })
    await expect(batches.next()).rejects.toBeInstanceOf(ThreadLostError)
    expect(log).toMatchObject([{ level: 'error', message: expect.stringContaining('it was terminated from outside') }])
    // awaitTermination reports the loss; a later stop has nothing more to report.
    await ssc.stop({ graceful: true, timeout: '1h' })
  })

  test('its worker threads die with it', async () => {
    const counter = sharedWord()
    const { ssc, clock } = await threaded('task.mjs', { params: { does: 'spins', counter } })
    await ssc.start()
    ssc.pushHandle('numbers').push(1, 2, 3, 4)
    await clock.advance(1000)
    await until(() => Atomics.load(counter, 0) > 0)
    await ssc.terminate()
    const count = Atomics.load(counter, 0)
    for (const end = performance.now() + 50; performance.now() < end; );
    expect(Atomics.load(counter, 0)).toBe(count)
  })

  const deaths: [string, object][] = [
    ['uncaught', { reason: 'uncaught', cause: expect.objectContaining({ name: 'RangeError', message: 'loose end' }) }],
    ['unhandled', { reason: 'uncaught', cause: expect.objectContaining({ message: 'nobody looked' }) }],
    ['exits', { reason: 'exit', details: { exitCode: 1 }, message: expect.stringContaining('process.exit') }],
  ]
  test.each(deaths)('by its own code, which %s: the reason says so', async (fault, expected) => {
    const { ssc, clock } = await threaded('faults.mjs', { params: { fault } })
    await ssc.start()
    const ended = expect(ssc.awaitTermination()).rejects.toMatchObject(expected)
    await clock.advance(1000).catch((error: unknown) => expect(error).toBeInstanceOf(ThreadLostError))
    await ended
    await ssc.stop()
  })

  test('before it is ready: opening rejects', async () => {
    await expect(threaded('exits-at-import.mjs')).rejects.toMatchObject({ reason: 'exit', details: { exitCode: 7 } })
  })

  test('before the start: the start rejects', async () => {
    const { ssc } = await threaded('faults.mjs')
    const started = expect(ssc.start()).rejects.toBeInstanceOf(ThreadLostError)
    await ssc.terminate()
    await started
    const input = ssc.pushHandle('numbers')
    expect(() => input.push(1)).toThrow(/its context is stopped/)
  })
})
