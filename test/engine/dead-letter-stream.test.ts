import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Accumulator,
  type DeadRecord,
  type DStream,
  includes,
  StateError,
  type StreamBuilder,
  withEnv,
} from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { manual } from './support.js'

const LETTER = { onRecordError: 'dead-letter' } as const
const BATCHES = 5
const INPUT = Array.from({ length: BATCHES }, (_, batch) => Array.from({ length: 20 }, (_, i) => batch * 7 + i))

const odd = (x: number): number => {
  if (x % 2) throw Object.assign(new RangeError(`odd: ${x}`), { code: 'E_ODD' })
  return x
}
const evens = (batch: number) => INPUT[batch]!.filter((x) => x % 2 === 0)
const odds = (batch: number) => INPUT[batch]!.filter((x) => x % 2)

/** For each operation: its result for an even record, and the record that it received. */
const OPERATIONS: Record<
  string,
  {
    readonly of: (numbers: DStream<number>) => DStream<unknown> & { deadLetters(): DStream<DeadRecord<unknown>> }
    readonly made: (x: number) => readonly unknown[]
    readonly given?: (x: number) => unknown
  }
> = {
  map: { of: (s) => s.map(odd, LETTER), made: (x) => [x] },
  filter: {
    of: (s) =>
      s.filter(
        withEnv({ odd }, (x: number) => odd(x) % 4 === 0),
        LETTER,
      ),
    made: (x) => (x % 4 === 0 ? [x] : []),
  },
  flatMap: {
    of: (s) =>
      s.flatMap(
        withEnv({ odd }, (x: number) => [odd(x), x]),
        LETTER,
      ),
    made: (x) => [x, x],
  },
  mapValues: {
    of: (s) => s.map((x) => ['k', x] as [string, number]).mapValues(odd, LETTER),
    made: (x) => [['k', x]],
    given: (x) => ['k', x],
  },
  flatMapValues: {
    of: (s) =>
      s
        .map((x) => ['k', x] as [string, number])
        .flatMapValues(
          withEnv({ odd }, (x: number) => [odd(x), undefined]),
          LETTER,
        ),
    made: (x) => [
      ['k', x],
      ['k', undefined],
    ],
    given: (x) => ['k', x],
  },
  mapAsync: {
    of: (s) =>
      s.mapAsync(
        withEnv({ odd }, async (x: number) => odd(x)),
        LETTER,
      ),
    made: (x) => [x],
  },
  'mapAsync as they come': {
    of: (s) =>
      s.mapAsync(
        withEnv({ odd }, async (x: number) => odd(x)),
        { ...LETTER, ordered: false, concurrency: 1 },
      ),
    made: (x) => [x],
  },
  'map of event time': {
    of: (s) => s.withTimestamps((x) => x).map(odd, LETTER),
    made: (x) => [x],
    given: (x) => [x, x],
  },
}

describe('every record that is given up is in the stream, once, and no other', () => {
  const pipeline = (name: string) => (_: StreamBuilder, numbers: DStream<number>) => {
    const stream = OPERATIONS[name]!.of(numbers)
    return { stream, letters: stream.deadLetters(), again: stream.deadLetters().map(({ record }) => record) }
  }

  test.each(Object.keys(OPERATIONS))('%s', async (name) => {
    const { made, given = (x) => x } = OPERATIONS[name]!
    for (const options of [{}, { codegen: false }, { threads: 2, partitions: 3, kill: (batch: number) => batch % 2 }]) {
      const { stream, letters, again } = await runBatches(pipeline(name), [INPUT], options)
      expect(stream.map(({ records }) => records)).toEqual(INPUT.map((_, b) => evens(b).flatMap(made)))
      expect(again.map(({ records }) => records)).toEqual(INPUT.map((_, b) => odds(b).map(given)))
      const operation = expect.stringMatching(/^\w+#\d+$/)
      expect(letters.map(({ records }) => records)).toEqual(
        INPUT.map((_, b) =>
          odds(b).map((x) => ({
            operation,
            record: given(x),
            error: { name: 'RangeError', message: `odd: ${x}`, code: 'E_ODD' },
          })),
        ),
      )
    }
  })
})

test('library functions on text, which run on bytes elsewhere', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const file = join(folder, 'lines.txt')
  writeFileSync(file, 'ab\nb\na\nabc\n')
  try {
    const { stream, letters } = await runBatches(
      (ssc, ticks: DStream<number>) => {
        const lines = ticks.transform(() => ssc.context.textFile(file))
        const stream = lines.filter(includes('a'), LETTER)
        return { stream, letters: stream.deadLetters() }
      },
      [[[1]]],
    )
    expect(stream.map(({ records }) => records)).toEqual([['ab', 'a', 'abc']])
    expect(letters.flatMap(({ records }) => records)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the function is called once a record for both streams, and letters are told once', async () => {
  let calls: Accumulator<number> | undefined
  let count: (() => number) | undefined
  const { letters } = await runBatches(
    (ssc, numbers: DStream<number>) => {
      calls = ssc.context.longAccumulator()
      count = () => ssc.deadLetters.count
      const counted = withEnv({ calls, odd }, (x: number) => {
        calls!.add(1)
        return odd(x)
      })
      const stream = numbers.map(counted, LETTER)
      return { letters: stream.deadLetters(), stream, windowed: stream.deadLetters().window('3s', '1s') }
    },
    [INPUT],
    { deadLetterLimit: 3 },
  )
  expect(calls!.value).toBe(BATCHES * 20)
  // The limit applies to the letters that the driver stores for inspection.
  expect(letters.flatMap(({ records }) => records)).toHaveLength(BATCHES * 10)
  expect(count!()).toBe(BATCHES * 10)
})

test('what a window of dead letters reads, and a batch without a dataset', async () => {
  const counts = await runBatches(
    (_, words: DStream<string>) =>
      words
        .map((word) => JSON.parse(word) as number, LETTER)
        .deadLetters()
        .map(({ record }) => record)
        .countByValueAndWindow('2s', '1s'),
    [[['1', 'x'], null, ['x', 'y'], []]],
  )
  expect(counts.map(({ time, records }) => [time, records.sort()])).toEqual([
    [1000, [['x', 1]]],
    [2000, [['x', 1]]],
    [
      3000,
      [
        ['x', 1],
        ['y', 1],
      ],
    ],
    [
      4000,
      [
        ['x', 1],
        ['y', 1],
      ],
    ],
  ])
})

test('what is refused', async () => {
  const { ssc } = manual()
  await using _ = ssc
  const numbers = ssc.queueStream([[1]])
  const letters = (stream: unknown) => (stream as { deadLetters(): unknown }).deadLetters()
  for (const stream of [numbers, numbers.map(odd), numbers.map(odd, { onRecordError: 'skip' }), numbers.count()]) {
    expect(() => letters(stream)).toThrow(StateError)
    expect(() => letters(stream)).toThrow('the operation stores no rejected records')
  }
  const even = numbers.map(odd, LETTER)
  even.print()
  await ssc.start()
  expect(() => even.deadLetters()).toThrow('cannot be added after start()')
})
