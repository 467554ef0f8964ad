import { readFileSync } from 'node:fs'
import { type Stream, StreamingContext } from 'millrace'
import { type OutputBatch, type RunBatchesOptions, runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { keyText } from './naive.js'
import { BATCH_ROWS, type Pair, STATE_ROWS, type StreamRow, WINDOW_ROWS } from './stream-rows.js'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const ROWS = [...BATCH_ROWS, ...WINDOW_ROWS, ...STATE_ROWS]
const ODD = [null, undefined, Number.NaN, -0, 0, '', 'a', 1n, '1', 1, [0], [-0], { a: 1 }, false]

/** Records of a batch, by number. */
function records(n: number, seed: number, pool: readonly unknown[]): Pair[] {
  return Array.from({ length: n }, (_, i) => [pool[(i * 3 + seed) % pool.length], pool[(i * 5 + seed) % pool.length]])
}
/** How many records each batch has. */
const INPUTS: Readonly<Record<string, readonly (readonly Pair[])[]>> = {
  'no records at all': [[], [], [], [], [], []],
  'empty batches first, in between and last': [0, 0, 5, 0, 1, 0, 0, 3, 0].map((n, i) => records(n, i, ODD)),
  'one key': [3, 1, 0, 2, 40, 0, 1].map((n) => records(n, 0, ['k', 'k'])),
  'many records once': [1, 300, 0, 0, 0, 0, 2].map((n, i) => records(n, i, ODD)),
  'another kind in each batch': [[1, 2, 3], ['a', 'b'], [null, undefined], [{ a: 1 }, [1]], [-0, Number.NaN], [1n]].map(
    (pool, i) => records(4, i, pool),
  ),
}

const MODES: Readonly<Record<string, RunBatchesOptions>> = {
  '1 thread': { threads: 1 },
  '3 threads, more partitions than records': { threads: 3, partitions: 7, replicas: 1 },
  '3 threads, one dies in each batch': {
    threads: 3,
    spare: true,
    stateSnapshotInterval: 3,
    kill: (batch) => batch % 3,
  },
  'a restart after the third batch': { threads: 2, restartAfter: 3, stateSnapshotInterval: 2 },
}

describe.each(Object.entries(INPUTS))('every operation of streams, %s', (_, batches) => {
  test.each(Object.entries(MODES))('%s', async (_, options) => {
    const others = [...batches].reverse()
    const outputs = (await runBatches(
      (ssc, pairs, theirs) => Object.fromEntries(ROWS.map(({ of }, i) => [String(i), of(pairs, theirs, ssc)])),
      [batches, others],
      { logger: QUIET, ...options },
    )) as unknown as Record<string, OutputBatch<unknown>[]>
    const wrong = ROWS.flatMap((row, i) => faults(row, outputs[i]!, batches, others))
    expect(wrong).toEqual([])
  })
})

function faults(
  { shows, model, slide = 1 }: StreamRow,
  output: readonly OutputBatch<unknown>[],
  batches: readonly (readonly Pair[])[],
  others: readonly (readonly Pair[])[],
): string[] {
  // A batch that runs again after a restart is listed again.
  const got = new Map(output.map(({ time, records }) => [time / 1000, records]))
  return batches.flatMap((pairs, i) => {
    const batch = i + 1
    const actual = got.get(batch)
    if (batch % slide !== 0) return actual ? [`${shows} fired in batch ${batch}`] : []
    const all = batches.slice(0, batch)
    const last = (n: number) => all.slice(Math.max(0, batch - n)).flat()
    const expected = model({ batch, pairs, others: others[i]!, all, last })
    const [is, should] = [actual, expected].map((list) => list?.map(keyText).sort().join(' '))
    return is === should ? [] : [`${shows} every ${slide}, batch ${batch}: ${is} instead of ${should}`]
  })
}

/** Methods of a stream that compute nothing of their own, and those of event time, which have a matrix of their own. */
const ELSEWHERE =
  /^(foreachRDD|print|output|saveAs\w+|writeTo|checkpoint|slice|remember|stateSnapshots|withTimestamps|uid)$/
const EVENT_TIME = /^(tumbling|sliding|session|lateRecords|\w*[jJ]oinWithin|stamped)$/
const SOURCES = /Stream$|^fromIterable$|^pushHandle$/

test('every operation of a stream has a row', () => {
  const page = readFileSync(new URL('../../docs/internals/model.md', import.meta.url), 'utf8')
  const documented = [...page.split('\n## ')[2]!.matchAll(/^\| (`.*?) \|/gm)].flatMap(
    ([, cell]) => cell!.match(/\w+/g)!,
  )
  const shown = new Set(ROWS.flatMap(({ shows }) => shows))
  const elsewhere = [ELSEWHERE, EVENT_TIME, SOURCES]
  expect(documented.length).toBeGreaterThan(40)
  expect(documented.filter((name) => !shown.has(name) && !elsewhere.some((other) => other.test(name)))).toEqual([])
  const stream = new StreamingContext({ batchInterval: 1000 }).queueStream<Pair>([]) as unknown as Stream<Pair>
  for (const name of shown) expect(name in stream, name).toBe(true)
})
