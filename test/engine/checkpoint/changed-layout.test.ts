import { customPartitioner, StateSpec, type StreamingContext, type StreamingOptions } from 'millrace'
import { describe, expect, test } from 'vitest'
import { run } from '../support.js'
import { known, listed, scratch } from './support.js'

const { directory, manual } = scratch()

type Batches = [time: number, records: unknown[]][]
type Program = (ssc: StreamingContext) => Record<string, Batches>

/** Runs programs one after the other on one directory, each for so many batches, and stops each. Joins what they list. */
async function runs(
  ...programs: readonly { program: Program; batches: number; options?: Partial<StreamingOptions> }[]
): Promise<Record<string, Batches>> {
  const at = directory()
  const joined: Record<string, Batches> = {}
  let now = 0
  for (const { program, batches, options } of programs) {
    const { ssc, clock } = manual(now, { checkpointDir: at, ...options })
    const result = program(ssc)
    await ssc.start()
    await run(ssc, batches)
    await ssc.stop()
    now = clock.now()
    for (const [name, list] of Object.entries(result)) joined[name] = [...(joined[name] ?? []), ...list]
  }
  return joined
}

/** Records in an order of their own: partitions have none among each other. */
const sorted = (batches: Batches) =>
  batches.map(([time, records]) => [time, records.map((record) => JSON.stringify(record)).sort()])
const total = (values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const keyed = (ssc: StreamingContext) =>
  known(ssc, (i) =>
    Array.from({ length: 5 }, (_, n): [string, number] => [['a', 'b', 'c', 'd', 'e', 'f', 'g'][(i * n) % 7]!, i]),
  )
const spec = StateSpec.function<string, number, number, [string, number, boolean]>((key, value, state) => {
  if (state.isTimingOut()) return [key, state.get(), true]
  state.update((state.getOption() ?? 0) + value!)
  return [key, state.get(), false]
})

const everything: Program = (ssc) => {
  const pairs = keyed(ssc)
  const timed = pairs.withTimestamps(([, i]) => i * 1000)
  return {
    update: listed(pairs.updateStateByKey(total)),
    map: listed(pairs.mapWithState(spec.timeout(2000)).checkpoint(1000)),
    inverse: listed(pairs.reduceByKeyAndWindow((a, b) => a + b, '3s', '1s', { inverse: (a, b) => a - b })),
    plain: listed(pairs.reduceByKeyAndWindow((a, b) => a + b, '3s', '1s')),
    events: listed(timed.sliding('2s', '1s').countByKey()),
    sessions: listed(timed.session('2s').reduceByKey((a, b) => a + b)),
    joined: listed(timed.joinWithin(timed, { lower: '-1s', upper: '1s' })),
  }
}

test('parallelism 2, 5, 1: every output equals that of a run without restarts', async () => {
  const whole = await runs({ program: everything, batches: 9, options: { parallelism: 2 } })
  const parts = await runs(
    ...[2, 5, 1].map((parallelism) => ({ program: everything, batches: 3, options: { parallelism } })),
  )
  expect(KEYS).toHaveLength(7)
  for (const [name, batches] of Object.entries(whole))
    expect([name, sorted(parts[name]!)]).toEqual([name, sorted(batches)])
})

describe('partitioners', () => {
  const placed =
    (partitions: number, place: (key: string) => number): Program =>
    (ssc) => ({
      sums: listed(keyed(ssc).updateStateByKey(total, { partitions: customPartitioner(partitions, place) })),
    })

  test('a function that places keys otherwise now, in more partitions', async () => {
    const [length, first] = [placed(1, () => 0), placed(3, (key) => key.charCodeAt(0) % 3)]
    const parts = await runs({ program: length, batches: 3 }, { program: first, batches: 3 })
    const whole = await runs({ program: length, batches: 6 })
    expect(sorted(parts.sums!)).toEqual(sorted(whole.sums!))
  })

  test('a place that does not exist is an error that names the key', async () => {
    const later = runs({ program: placed(1, () => 0), batches: 1 }, { program: placed(2, () => 2), batches: 1 })
    await expect(later).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringContaining('key "'),
    })
  })
})

describe('batchInterval', () => {
  const program: Program = (ssc) => {
    const input = known(ssc, () => [1])
    return {
      sum: listed(input.map((n): [string, number] => ['n', n]).updateStateByKey(total)),
      window: listed(input.countByWindow('4s', '2s')),
      list: listed(input.window('4s', '2s').count()),
    }
  }

  test.each([500, 2000])(
    'from 1 s to %i ms: state goes on, windows have the batches in their time',
    async (batchInterval) => {
      const { sum, window, list } = await runs(
        { program, batches: 4 },
        { program, batches: 4000 / batchInterval, options: { batchInterval } },
      )
      const batches = 4 + 4000 / batchInterval
      expect(sum!.map(([, [pair]]) => pair)).toEqual(Array.from({ length: batches }, (_, i) => ['n', i + 1]))
      const each = 2000 / batchInterval
      expect(window!.map(([time, [n]]) => [time, n])).toEqual([
        [2000, 2],
        [4000, 4],
        [6000, 2 + each],
        [8000, 2 * each],
      ])
      expect(list).toEqual(window)
    },
  )

  test('a checkpoint between two batches of the new interval', async () => {
    const { sum } = await runs({ program, batches: 3 }, { program, batches: 2, options: { batchInterval: 2000 } })
    expect(sum!.slice(3)).toEqual([
      [4000, [['n', 4]]],
      [6000, [['n', 5]]],
    ])
  })
})

describe('windows', () => {
  const program =
    (length: string): Program =>
    (ssc) => {
      const input = known(ssc, () => [1])
      return { inverse: listed(input.countByWindow(length)), list: listed(input.window(length).count()) }
    }

  test('shorter ones continue', async () => {
    const { inverse, list } = await runs({ program: program('4s'), batches: 6 }, { program: program('2s'), batches: 2 })
    expect(inverse!.slice(6)).toEqual([
      [7000, [2]],
      [8000, [2]],
    ])
    expect(list).toEqual(inverse)
  })

  test('longer ones are refused once batches that they need are gone', async () => {
    const { inverse } = await runs({ program: program('4s'), batches: 2 }, { program: program('6s'), batches: 2 })
    expect(inverse!.map(([, [n]]) => n)).toEqual([1, 2, 3, 4])
    const later = runs({ program: program('2s'), batches: 6 }, { program: program('4s'), batches: 1 })
    await expect(later).rejects.toThrow(
      'its next window needs all batches after 3000 ms, and the checkpoint has those after',
    )
  })
})

describe('upgrade', () => {
  interface Sum {
    sum: number
  }
  const old: Program = (ssc) => ({ sums: listed(keyed(ssc).updateStateByKey(total).uid('sums')) })
  const upgraded =
    (upgrade?: (old: number, from: number) => Sum | undefined, stateVersion = 2): Program =>
    (ssc) => ({
      upgraded: listed(
        keyed(ssc)
          .updateStateByKey<Sum>((values, state) => ({ sum: values.reduce((a, b) => a + b, state?.sum ?? 0) }), {
            stateVersion,
            ...(upgrade && { upgrade }),
          })
          .uid('sums'),
      ),
    })

  test('values of updateStateByKey', async () => {
    const parts = await runs(
      { program: old, batches: 3 },
      { program: upgraded((sum, from) => ({ sum: sum * from })), batches: 1 },
    )
    const whole = await runs({ program: old, batches: 4 })
    const asObjects = whole
      .sums!.slice(3)
      .map(([time, pairs]): Batches[number] => [
        time,
        (pairs as [string, number][]).map(([key, sum]) => [key, { sum }]),
      ])
    expect(sorted(parts.upgraded!)).toEqual(sorted(asObjects))
  })

  test('undefined removes the key; without upgrade, or back to an older version: refused', async () => {
    const parts = await runs({ program: old, batches: 3 }, { program: upgraded(() => undefined), batches: 1 })
    const sumOf = (pairs: unknown[]) => (pairs as [string, Sum][]).reduce((all, [, { sum }]) => all + sum, 0)
    expect(parts.upgraded!.map(([, pairs]) => sumOf(pairs))).toEqual([4 * 5])
    await expect(runs({ program: old, batches: 1 }, { program: upgraded(), batches: 1 })).rejects.toThrow(
      'its values have stateVersion 1, and the program has 2: add upgrade(old, fromVersion)',
    )
    const back = runs({ program: upgraded(undefined, 3), batches: 1 }, { program: upgraded(undefined, 2), batches: 1 })
    await expect(back).rejects.toThrow('this program is older than the one that wrote it')
  })

  test('an upgrade that throws is an error that names the uid and the key', async () => {
    const failing = upgraded(() => {
      throw new Error('no such form')
    })
    await expect(runs({ program: old, batches: 1 }, { program: failing, batches: 1 })).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringMatching(/The state of "sums" cannot be converted .* threw for key "/),
      cause: expect.objectContaining({ message: 'no such form' }),
    })
  })

  test('values of mapWithState and accumulators of event-time windows', async () => {
    const program =
      (version: number): Program =>
      (ssc) => {
        const pairs = keyed(ssc)
        const double = (value: number) => value * 2
        const states = pairs.mapWithState(spec.stateVersion(version, double)).stateSnapshots()
        const options = { stateVersion: version, upgrade: double }
        const windows = pairs.withTimestamps(([, i]) => i * 1000).tumbling('10s', options)
        return { states: listed(states), counts: listed(windows.countByKey().map(({ value }) => value)) }
      }
    const numbers = (pairs: unknown[]) => (pairs as [string, number][]).reduce((sum, [, n]) => sum + n, 0)
    const parts = await runs({ program: program(1), batches: 3 }, { program: program(2), batches: 8 })
    // Twice what was there, and the new ones.
    expect(numbers(parts.states![3]![1])).toBe(2 * numbers(parts.states![2]![1]) + 4 * 5)
    const counts = parts.counts!.flatMap(([, values]) => values as number[])
    expect(counts.reduce((a, b) => a + b, 0)).toBe(2 * 3 * 5 + 6 * 5)
  })
})
