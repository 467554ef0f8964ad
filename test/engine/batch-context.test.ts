import { AsyncLocalStorage } from 'node:async_hooks'
import type { ManualClock, StreamingContext } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { gather, manual, run } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

function context() {
  const made = manual({ threads: 1, spare: false })
  open.push(made.ssc)
  return made.ssc
}

/** docs/internals/model.md, L26: what of the caller's surroundings a batch sees. */
describe('async context', () => {
  const tag = new AsyncLocalStorage<string>()

  test('a batch sees that of start(), not that of who moves the clock or stops the streams', async () => {
    const ssc = context()
    const seen: unknown[] = []
    const input = ssc.pushStream<number>('in')
    input
      .transform((rdd, time) => {
        seen.push([time, 'transform', tag.getStore()])
        return rdd
      })
      .foreachRDD((_, time) => seen.push([time, 'foreachRDD', tag.getStore()]))
    await tag.run('value1', () => ssc.start())
    await tag.run('value2', async () => {
      await run(ssc, 1)
      expect(tag.getStore()).toBe('value2')
      input.push(1)
      await ssc.stop({ graceful: true, timeout: '1h' })
    })
    expect(seen).toEqual(
      [1000, 2000].flatMap((time) => ['transform', 'foreachRDD'].map((place) => [time, place, 'value1'])),
    )
  })
})

describe('withSignal and streams', () => {
  test('a signal around start() ends no batch, aborted before or after', async () => {
    for (const early of [true, false]) {
      const ssc = context()
      ssc
        .queueStream([[1], [2, 3]])
        .count()
        .output('counts')
      const stopper = new AbortController()
      if (early) stopper.abort()
      await ssc.context.withSignal(stopper.signal, () => ssc.start())
      const counts = gather<number>(ssc, 'counts')
      await run(ssc, 2, (batch) => {
        if (batch === 1) stopper.abort()
      })
      expect(ssc.state).toBe('ACTIVE')
      await ssc.stop()
      expect((await counts).map(({ records }) => records)).toEqual([[1], [2]])
    }
  })

  test('inside foreachRDD it ends the actions that are called under it', async () => {
    const ssc = context()
    const codes: unknown[] = []
    ssc.queueStream([[1]]).foreachRDD(async (rdd) => {
      const aborted = ssc.context.withSignal(AbortSignal.abort(), () => rdd.count())
      codes.push(await aborted.catch((error: { code: string }) => error.code), await rdd.count())
    })
    await ssc.start()
    await run(ssc, 1)
    expect(codes).toEqual(['ERR_MILLRACE_JOB_CANCELLED', 1])
  })

  test('inside foreachRDD a stop that abandons the batch still cancels them', async () => {
    const ssc = context()
    let begin!: () => void
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const code = new Promise((resolve) => {
      ssc.queueStream([[1]]).foreachRDD(async (rdd) => {
        const job = ssc.context.withSignal(new AbortController().signal, () =>
          rdd.mapAsync(() => new Promise<number>(() => {})).count(),
        )
        job.catch((error: { code: string }) => resolve(error.code))
        begin()
        await job
      })
    })
    await ssc.start()
    await (ssc.clock as ManualClock).advance(1000)
    await begun
    await ssc.stop({ stopContext: false, timeout: 10 })
    expect(await code).toBe('ERR_MILLRACE_JOB_CANCELLED')
  })
})
