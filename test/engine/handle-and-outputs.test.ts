import type { OutputBatch } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { DRIVERS, opened, stopAll, threaded } from './driver-thread-support.js'

afterEach(stopAll)

test('terminateThread ends a worker of a driver in a thread, and batches go on', async () => {
  const { ssc, clock } = await threaded('task.mjs', { params: { does: 'nothing' } })
  await expect(terminateThread(ssc, 7)).rejects.toMatchObject({ code: 'ERR_MILLRACE_STATE' })
  await ssc.start()
  const lost = new Promise((resolve) => ssc.on('threadLost', ({ slot, reason }) => resolve(`${slot} ${reason}`)))
  await terminateThread(ssc, 1)
  expect(await lost).toBe('1 terminated')
  const batches = ssc.output<number>('doubled')[Symbol.asyncIterator]()
  ssc.pushHandle('numbers').push(4)
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(await batches.next()).toEqual({ done: false, value: { time: 1000, records: [8] } })
})

describe.each(DRIVERS)('batches that wait when the streams end, driver: %s', (driver) => {
  test.each(['a stop', 'an error'])('are read first, then the iteration ends as the streams did: by %s', async (by) => {
    const { ssc, clock } = await opened('task.mjs', driver, { params: { does: 'throws' } })
    await ssc.start()
    const push = async (n: number) => {
      ssc.pushHandle('numbers').push(n)
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    await push(1)
    const ended = ssc.awaitTermination().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (by === 'a stop') await ssc.stop()
    else await push(13).catch(() => undefined)
    const error = await ended
    const read: OutputBatch[] = []
    const reading = (async () => {
      for await (const batch of ssc.output('doubled')) read.push(batch)
    })()
    if (by === 'a stop') await reading
    else await expect(reading).rejects.toBe(error)
    expect(read).toEqual([{ time: 1000, records: [2] }])
  })
})
