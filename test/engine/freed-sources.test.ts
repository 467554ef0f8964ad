import type { DStream, StreamingContext } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import type { ReceiverSink } from '#build/ops/source.js'
import { streamNode } from '../support/nodes.js'
import { countOf, gather, manual, random, run, sorted } from './support.js'

const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

const LENGTH = 4
const BATCHES = 12
/** Much larger than their counts. */
const next = random(7)
const batches = Array.from({ length: BATCHES }, () =>
  Array.from({ length: 500 }, () => `word ${Math.floor(next() * 10)} of a line that is much longer than its word`),
)
const wordOf = (line: string) => line.slice(0, 6)
const windowOf = (batch: number) =>
  sorted(
    countOf(
      batches
        .slice(Math.max(0, batch + 1 - LENGTH), batch + 1)
        .flat()
        .map(wordOf),
    ),
  )

function started(define: (lines: DStream<string>, ssc: StreamingContext) => DStream<unknown>, options = {}) {
  const { ssc } = manual({ threads: 2, parallelism: 2, ...options })
  open.push(ssc)
  let sink: ReceiverSink | undefined
  const start = async (given: ReceiverSink) => {
    sink = given
  }
  const stop = async () => {}
  const create = () => ({ start, stop })
  const lines = ssc.input<string>({ kind: 'receiver', name: 'by hand', codec: 'text', create } as never)
  define(lines, ssc).output('counts')
  const engine = localEngineOf(ssc)
  const feed = (batch: number) => sink!.text(Buffer.from(`${batches[batch]!.join('\n')}\n`))
  const kill = () => Promise.all(engine.pool!.ready().map((thread) => engine.pool!.terminate(thread)))
  /** The batches whose text is in memory, of those that are remembered. */
  const withText = async () => {
    const there: number[] = []
    for (const time of streamNode(lines).remembered()) {
      const [rdd] = lines.slice(time, time)
      const count = await rdd!.count().catch((error: Error) => error.message)
      if (count === 500) there.push(time / 1000 - 1)
      else if (count !== 0) expect(count).toContain('freed: later batches read only what is persisted')
    }
    return there
  }
  return { ssc, engine, feed, kill, withText }
}

const pairs = (lines: DStream<string>) => lines.map((line): [string, number] => [line.slice(0, 6), 1])
const inverse = { inverse: (a: number, b: number) => a - b, filter: ([, n]: readonly [string, number]) => n > 0 }
const sum = (a: number, b: number) => a + b

const FREEING: Record<string, (lines: DStream<string>) => DStream<unknown>> = {
  'with an inverse': (lines) => pairs(lines).reduceByKeyAndWindow(sum, `${LENGTH}s`, '1s', inverse),
  'without an inverse': (lines) => pairs(lines).reduceByKeyAndWindow(sum, `${LENGTH}s`),
}

describe.each(Object.keys(FREEING))('a window %s', (kind) => {
  test('keeps counts in place of the text of past batches, and no death of threads loses them', {
    timeout: 600_000,
  }, async () => {
    const { ssc, feed, kill, withText } = started(FREEING[kind]!)
    await ssc.start()
    const counts = gather<[string, number]>(ssc, 'counts')
    await run(ssc, BATCHES, async (batch) => {
      feed(batch)
      // The text of the newest batch stays for `slice`.
      expect(await withText()).toEqual(batch === 0 ? [] : [batch - 1])
      // Both owners of all blocks.
      await kill()
    })
    await ssc.stop()
    expect((await counts).map(({ records }) => sorted(records))).toEqual(batches.map((_, i) => windowOf(i)))
  })

  test('recomputes counts whose bytes are damaged, after their text is freed', { timeout: 600_000 }, async () => {
    const { ssc, engine, feed, kill } = started(FREEING[kind]!)
    await ssc.start()
    const counts = gather<[string, number]>(ssc, 'counts')
    let recomputed = 0
    ssc.on('blockRecomputed', ({ kind }) => {
      if (kind === 'persisted') recomputed++
    })
    await run(ssc, BATCHES, async (batch) => {
      feed(batch)
      if (batch !== 5) return
      for (const { rdd, partitions } of engine.status().persisted) {
        const at = { id: rdd, storage: 'memory' } as never
        for (let partition = 0; partition < partitions; partition++) {
          const location = engine.locationOf(at, partition)
          if (location?.in !== 'memory') continue
          const { segment, offset, length } = location.block
          new Uint8Array(engine.segments.memory(segment), offset + 64, length).fill(0xff)
        }
      }
      await kill()
    })
    await ssc.stop()
    expect((await counts).map(({ records }) => sorted(records))).toEqual(batches.map((_, i) => windowOf(i)))
    expect(recomputed).toBeGreaterThan(0)
  })
})

const KEEPING: Record<string, [(lines: DStream<string>, ssc: StreamingContext) => DStream<unknown>, number]> = {
  // Its persisted partitions have nothing behind them but the text.
  'a window of lines': [(lines) => lines.window('4s').count(), 3],
  'a window of mapped lines': [(lines) => pairs(lines).window('4s').count(), 3],
  // What it persists is as large as the text.
  'a window of all distinct lines': [
    (lines) =>
      lines
        .map((line): [string, number] => [line, 1])
        .groupByKey()
        .window('4s')
        .count(),
    3,
  ],
  // The changes are in no persisted dataset.
  state: [
    (lines) => pairs(lines).updateStateByKey((values: number[], n: number | undefined) => (n ?? 0) + values.length),
    8,
  ],
  // Its function could come out different.
  'a window of text joined with a dataset that is not received': [
    (lines, ssc) => {
      const known = ssc.context.parallelize(
        batches[0]!.slice(0, 3).map((line): [string, number] => [line.slice(0, 6), 0]),
      )
      return pairs(lines)
        .transform((rdd) => rdd.union(known))
        .reduceByKeyAndWindow(sum, '4s')
    },
    3,
  ],
  'a window, and `remember`': [
    (lines, ssc) => {
      ssc.remember('3s')
      return FREEING['with an inverse']!(lines)
    },
    3,
  ],
}

test.each(Object.keys(KEEPING))('text stays for %s', { timeout: 600_000 }, async (kind) => {
  const [define, expected] = KEEPING[kind]!
  const { ssc, feed, withText } = started(define)
  await ssc.start()
  void gather(ssc, 'counts')
  await run(ssc, 8, (batch) => feed(batch))
  const there = await withText()
  expect(there.slice(-expected)).toEqual(Array.from({ length: expected }, (_, i) => 8 - expected + i))
})

test('windows that share their text free it when the slowest has read it', { timeout: 600_000 }, async () => {
  const { ssc, feed, withText } = started((lines) => {
    pairs(lines).reduceByKeyAndWindow(sum, '3s', '3s').count().output('slow')
    return FREEING['with an inverse']!(lines)
  })
  await ssc.start()
  for (const name of ssc.outputNames) void gather(ssc, name)
  const there: number[][] = []
  await run(ssc, 7, async (batch) => {
    feed(batch)
    there.push(await withText())
  })
  expect(there).toEqual([[], [0], [0, 1], [2], [3], [3, 4], [5]])
})

test('counts without their text are not evicted at memoryLimit', { timeout: 600_000 }, async () => {
  const { ssc, engine, feed } = started(FREEING['with an inverse']!, { memoryLimit: 24 * 1024 * 1024 })
  await ssc.start()
  const counts = gather<[string, number]>(ssc, 'counts')
  await run(ssc, BATCHES, (batch) => {
    feed(batch)
    if (batch !== 6) return
    const block = engine.driver.writeBytes(Buffer.alloc(24 * 1024 * 1024), 'text', 1)
    engine.driver.keep(block)
    expect(engine.memory.isFull).toBe(true)
    engine.memory.makeRoom()
    engine.driver.release(block.id)
  })
  await ssc.stop()
  expect((await counts).map(({ records }) => sorted(records))).toEqual(batches.map((_, i) => windowOf(i)))
})
