import type { StreamingContext } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { countOf, gather, manual, run, sorted } from './support.js'

const POINTS = [
  'task:start',
  'task:computed',
  'block:unsealed',
  'block:sealed',
  'state:half-applied',
  'state:applied',
  'task:end',
] as const
const BATCHES = 12
const data = Array.from({ length: BATCHES }, (_, i) =>
  Array.from({ length: 20 + i }, (_, j) => `k${(i * 7 + j * j) % 9}`),
)

let open: StreamingContext | undefined
afterEach(async () => open?.stop())

/** A thread dies at the nth passing of the point, whatever thread that is, in the middle of whatever it does there. */
describe.each(POINTS)('a thread dies at %s', (point) => {
  test.each([1, 2, 9, 20])('at passing %i: results are those of an undisturbed run', async (nth) => {
    const passes = new SharedArrayBuffer(4)
    const { ssc } = manual({ faults: [{ point, nth, passes }], stateSnapshotInterval: 3 })
    open = ssc
    const words = ssc.queueStream(data.map((batch) => [...batch]))
    words.countByValue().cache().output('counts')
    words.countByValueAndWindow('4s').output('window')
    const losses: string[] = []
    ssc.on('threadLost', ({ reason }) => losses.push(reason))
    await ssc.start()
    const outputs = Promise.all([gather(ssc, 'counts'), gather(ssc, 'window')])
    await run(ssc, BATCHES)
    await ssc.stop()
    const [counts, window] = await outputs
    data.forEach((batch, i) => {
      expect(sorted(counts[i]!.records)).toEqual(sorted(countOf(batch)))
      expect(sorted(window[i]!.records)).toEqual(sorted(countOf(data.slice(Math.max(0, i - 3), i + 1).flat())))
    })
    expect(new Int32Array(passes)[0]).toBeGreaterThanOrEqual(nth)
    expect(losses).toEqual(['terminated'])
  })
})
