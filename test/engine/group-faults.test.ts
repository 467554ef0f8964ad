import { type DStream, type ManualClock, type StreamingContext, type StreamingOptions, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { THREAD_FAULT_POINTS } from '#build/pool/fault-points.js'
import type { TaskMessage, TaskResult } from '#build/pool/protocol.js'
import { gather, manual, sorted } from './support.js'

let open: StreamingContext | undefined
afterEach(async () => open?.stop())

const PARTITIONS = 4
/** Batches are sent as groups once their tasks are known to be quick, which a busy machine may put off. */
const MOST_BATCHES = 400

/** Long enough that a group is worth two threads. A number below 0 is one that it cannot take. */
const slowly = (n: number): [number, number] => {
  for (const end = performance.now() + 0.4; performance.now() < end; );
  if (n < 0) throw new RangeError(`${n} is below 0`)
  return [n % 7, n]
}
const recordsOf = (batch: number) => Array.from({ length: PARTITIONS }, (_, i) => batch * 3 + i)

type Pair = [number, number]
const sum = (a: number, b: number) => a + b

/** A stage that reads one shuffle, and one that reads the shuffle of another. `keyOf`: the key under which a number is summed. */
const SHAPES = [
  { name: 'two stages', keyOf: (n: number) => n % 7, define: (pairs: DStream<Pair>) => pairs.reduceByKey(sum) },
  {
    name: 'three stages',
    keyOf: (n: number) => (n % 7) % 3,
    define: (pairs: DStream<Pair>) =>
      pairs
        .reduceByKey(sum)
        .map(([key, n]): Pair => [key % 3, n])
        .reduceByKey(sum),
  },
]
type Shape = (typeof SHAPES)[number]

function sumsOf({ keyOf }: Shape, batch: number): string[] {
  const sums = new Map<number, number>()
  for (const n of recordsOf(batch)) sums.set(keyOf(n), (sums.get(keyOf(n)) ?? 0) + n)
  return sorted([...sums])
}

/** What one message to a thread had, and what came of it. */
interface Sent {
  readonly tasks: readonly TaskMessage[]
  readonly results: readonly TaskResult[]
  /** Tasks that did not run, and whose readers still waited when the answer came. */
  readonly awaited: number
}

const AWAITED = 0
const PLACE_WORDS = 16
const isAwaited = ({ exchange }: TaskMessage) =>
  exchange?.place !== undefined && new Int32Array(exchange.board)[exchange.place * PLACE_WORDS] === AWAITED

/** Runs batches until `enough`, and checks every output, and that each record was taken once. */
async function runUntil(
  shape: Shape,
  enough: (sent: readonly Sent[], queue: number[][], batch: number) => boolean,
  options: Partial<StreamingOptions> = {},
): Promise<{ readonly skipped: readonly number[] }> {
  const { ssc } = manual({ parallelism: PARTITIONS, ...options })
  open = ssc
  const queue = Array.from({ length: MOST_BATCHES }, (_, batch) => recordsOf(batch))
  const taken = ssc.context.accumulator(0, (a, b) => a + b)
  const pairs = ssc
    .queueStream(queue)
    .map(slowly)
    .map(
      withEnv({ taken }, (pair: Pair) => {
        taken.add(1)
        return pair
      }),
    )
  shape.define(pairs).output('sums')
  const skipped: number[] = []
  ssc.on('batchSkipped', ({ time }) => skipped.push(time / ssc.batchInterval - 1))
  await ssc.start()
  const sent: Sent[] = []
  const { pool, segments, blocks } = localEngineOf(ssc)
  const run = pool!.run.bind(pool)
  pool!.run = async (thread, tasks) => {
    const results = await run(thread, tasks)
    sent.push({
      tasks,
      results,
      awaited: tasks.filter((task, i) => results[i]!.ok === 'stale' && isAwaited(task)).length,
    })
    return results
  }
  const output = gather<Pair>(ssc, 'sums')
  let batches = 0
  for (; batches < MOST_BATCHES && !enough(sent, queue, batches); batches++) {
    await (ssc.clock as ManualClock).advance(ssc.batchInterval)
    await ssc.awaitIdle()
  }
  const memory = { live: segments.liveBlocks, known: blocks.size }
  await ssc.stop()
  const good = Array.from({ length: batches }, (_, batch) => batch).filter((batch) => !skipped.includes(batch))
  expect((await output).map(({ records }) => sorted(records))).toEqual(good.map((batch) => sumsOf(shape, batch)))
  // The additions of the successful tasks of a failed batch count, if these tasks ran.
  expect(taken.value).toBeGreaterThanOrEqual(good.length * PARTITIONS)
  expect(taken.value).toBeLessThanOrEqual(good.length * PARTITIONS + skipped.length * (PARTITIONS - 1))
  expect(batches).toBeLessThan(MOST_BATCHES)
  // No exchange holds memory any more.
  expect(memory.live).toBe(memory.known)
  return { skipped }
}

const isWriter = ({ exchange }: TaskMessage) => exchange?.place !== undefined
const isReader = ({ inputs }: TaskMessage) => inputs.some((input) => input.in === 'exchange')

const EXCHANGE_POINTS = THREAD_FAULT_POINTS.filter((point) => point.startsWith('exchange:'))

describe.each(SHAPES)('$name', (shape) => {
  const shuffles = SHAPES.indexOf(shape) + 1
  const isWhole = ({ tasks, results }: Sent) =>
    tasks.filter(isWriter).length === 2 * shuffles &&
    tasks.filter(isReader).length === 2 * shuffles &&
    results.every(({ ok }) => ok === true)

  test('a batch is told to each thread once: all stages in one message, outputs from thread to thread', async () => {
    await runUntil(shape, (sent) => sent.some(isWhole))
  })

  test('a function that throws fails its batch, and nobody waits for what it would have written', async () => {
    const bad: number[] = []
    // Also not for what a task would have written that could not read it.
    const abandonedWork = ({ tasks, results }: Sent) =>
      tasks.filter((task, i) => isReader(task) && results[i]!.ok === 'stale').length >= shuffles
    let after = 0
    let awaited = 0
    const { skipped } = await runUntil(
      shape,
      (sent, queue, batch) => {
        awaited = Math.max(awaited, ...sent.map((each) => each.awaited))
        // A busy machine may send the batch that fails stage by stage: then another one has to.
        if (sent.some(abandonedWork)) return ++after > 3
        if (sent.some(isWhole) && bad.length < batch / 2) {
          bad.push(batch)
          queue[0]![2] = -1
        }
        return false
      },
      { onBatchError: 'skip' },
    )
    expect(skipped).toEqual(bad)
    expect(awaited).toBe(0)
  })

  describe.each([...EXCHANGE_POINTS, 'task:start', 'block:sealed', 'task:end'] as const)(
    'a thread dies at %s of a group',
    (point) => {
      test.each([3, 6, 13])('at passing %i: results are those of an undisturbed run', async (nth) => {
        const passes = new Int32Array(new SharedArrayBuffer(4))
        const faults = [{ point, nth, passes: passes.buffer as SharedArrayBuffer }]
        let after = 0
        await runUntil(shape, () => Atomics.load(passes, 0) >= nth && ++after > 5, { faults })
      })
    },
  )
})
