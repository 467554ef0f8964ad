import type { StreamingContext } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { type FaultPoint, THREAD_FAULT_POINTS } from '#build/pool/fault-points.js'
import { countOf, gather, manual, run, sorted } from './support.js'

/** Points that only a thread passes that repairs the effects of a loss. */
const AFTER_A_LOSS = ['block:taken-over', 'state:rebuilt'] as const satisfies readonly FaultPoint[]
/** Those of pipelined stages are in group-faults.test.ts. */
const POINTS = THREAD_FAULT_POINTS.filter(
  (point) => !point.startsWith('exchange:') && !AFTER_A_LOSS.includes(point as (typeof AFTER_A_LOSS)[number]),
)
const BATCHES = 12
const data = Array.from({ length: BATCHES }, (_, i) =>
  Array.from({ length: 20 + i }, (_, j) => `k${(i * 7 + j * j) % 9}`),
)

let open: StreamingContext | undefined
afterEach(async () => open?.stop())

/** A thread dies at the nth passing of the point, whatever thread that is, in the middle of whatever it does there. */
describe.each(POINTS)('a thread dies at %s', (point) => {
  test.each([1, 2, 9, 20])('at passing %i: results are those of an undisturbed run', async (nth) => {
    await undisturbed([plan(point, nth)])
  })
})

/** Places that only a loss leads to. */
describe.each(AFTER_A_LOSS)('a thread dies, and then another at %s', (point) => {
  test.each([10, 31])('first at the end of task %i: the same', async (task) => {
    await undisturbed([plan('task:end', task), plan(point, 1)], true)
  })
})

function plan(point: FaultPoint, nth: number) {
  return { point, nth, passes: new SharedArrayBuffer(4) }
}

/** `strong`: each batch waits until there are threads that can take blocks over. */
async function undisturbed(faults: ReturnType<typeof plan>[], strong = false): Promise<void> {
  const { ssc } = manual({ faults, stateSnapshotInterval: 3 })
  open = ssc
  const words = ssc.queueStream(data.map((batch) => [...batch]))
  words.countByValue().cache().output('counts')
  words.countByValueAndWindow('4s').output('window')
  const losses: string[] = []
  ssc.on('threadLost', ({ reason }) => losses.push(reason))
  await ssc.start()
  const outputs = Promise.all([gather(ssc, 'counts'), gather(ssc, 'window')])
  await run(ssc, BATCHES, async () => {
    if (strong) await localEngineOf(ssc).pool!.whenStrong()
  })
  await ssc.stop()
  const [counts, window] = await outputs
  data.forEach((batch, i) => {
    expect(sorted(counts[i]!.records)).toEqual(sorted(countOf(batch)))
    expect(sorted(window[i]!.records)).toEqual(sorted(countOf(data.slice(Math.max(0, i - 3), i + 1).flat())))
  })
  for (const { nth, passes } of faults) expect(new Int32Array(passes)[0]).toBeGreaterThanOrEqual(nth)
  expect(losses).toEqual(faults.map(() => 'terminated'))
}
