import { type KeyState as KeyStateType, StateSpec } from 'millrace'
import { runBatches } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { KeyState } from '#build/ops/dstream/key-state.js'
import { type Batches, checkRows, eachThreads, type Pairs, type Row, rows, runRow, table, words } from './state-rows.js'

/** The arguments of a timed function as text: the time is that of the batch, `-` stands for no value or no state. */
const told = (time: number, key: string, value: number | undefined, state: KeyStateType<number>): string => {
  const text = `${time} ${key} ${value ?? '-'} ${state.getOption() ?? '-'}${state.isTimingOut() ? ' timing out' : ''}`
  if (value !== undefined) state.update((state.getOption() ?? 0) + value)
  return text
}

describe('mapWithState', () => {
  const sums = StateSpec.function((_key: string, value: number | undefined, state: KeyStateType<number>) => {
    const sum = (value ?? 0) + (state.getOption() ?? 0)
    state.update(sum)
    return sum
  })

  eachThreads('the function runs once a record; snapshots have every key in every batch', async (threads) => {
    const input = words('', 'a', 'a b', 'a b c', null, 'a', '')
    const { mapped, snapshots } = await runBatches(
      (_, pairs) => {
        const stream = (pairs as Pairs).mapWithState(sums)
        return { mapped: stream, snapshots: stream.stateSnapshots() }
      },
      [input as [string, number][][]],
      { threads },
    )
    expect(table(mapped)).toEqual(rows([], [1], [2, 1], [3, 2, 1], [], [4], []))
    const last = [
      ['a', 3],
      ['b', 2],
      ['c', 1],
    ]
    const moved = [
      ['a', 4],
      ['b', 2],
      ['c', 1],
    ]
    expect(table(snapshots)).toEqual(
      rows(
        [],
        [['a', 1]],
        [
          ['a', 2],
          ['b', 1],
        ],
        last,
        last,
        moved,
        moved,
      ),
    )
  })

  const cases: Row[] = [
    {
      name: 'records of a key come one by one, in the order of the batch',
      input: [
        [
          ['a', 3],
          ['b', 1],
          ['a', 4],
        ],
        [
          ['a', 5],
          ['a', 6],
        ],
      ],
      stream: (pairs) => pairs.mapWithState(StateSpec.withTime(told)),
      expected: rows(['1000 a 3 -', '1000 a 4 3', '1000 b 1 -'], ['2000 a 5 7', '2000 a 6 12']),
    },
    {
      name: 'without a time every answer is emitted, undefined too; with one undefined and null are not',
      input: words('a b c'),
      stream: (pairs) => {
        const plain = pairs.mapWithState(
          StateSpec.function((key: string, _value: number | undefined, _state: KeyStateType<number>) =>
            key === 'a' ? undefined : key === 'b' ? null : key,
          ),
        )
        const timed = pairs.mapWithState(
          StateSpec.withTime((_time: number, key: string, _value: number | undefined, _state: KeyStateType<number>) =>
            key === 'a' ? undefined : key === 'b' ? null : key,
          ),
        )
        return plain.map((x) => `plain ${x}`).union(timed.map((x) => `timed ${x}`))
      },
      expected: rows(['plain undefined', 'plain null', 'plain c', 'timed c']),
    },
    {
      name: 'a removed key begins anew, in the same batch already',
      input: [
        [
          ['a', 1],
          ['a', 0],
          ['a', 2],
        ],
        [['a', 3]],
        [['a', 0]],
        [['a', 4]],
      ],
      stream: (pairs) =>
        pairs.mapWithState(
          StateSpec.function((_key: string, value: number | undefined, state: KeyStateType<number>) => {
            const before = state.getOption() ?? -1
            if (value === 0) state.remove()
            else state.update((state.getOption() ?? 0) + value!)
            return `${before} ${value}`
          }),
        ),
      expected: rows(['-1 1', '1 0', '-1 2'], ['2 3'], ['5 0'], ['-1 4']),
    },
    {
      name: 'a record that does not update leaves no state behind',
      input: words('a', 'a'),
      stream: (pairs) =>
        pairs.mapWithState(
          StateSpec.function(
            (key: string, _: number | undefined, state: KeyStateType<number>) => `${key} ${state.exists()}`,
          ).timeout(1000),
        ),
      expected: rows(['a false'], ['a false']),
    },
    {
      name: 'an initial state is there in the first batch, with or without a dataset',
      input: words(null, 'a'),
      stream: (pairs, ssc) => {
        const initial = ssc.context.parallelize<[string, number]>([
          ['a', 10],
          ['z', 1],
        ])
        return pairs.mapWithState(StateSpec.withTime(told).initialState(initial)).stateSnapshots()
      },
      expected: rows(
        [
          ['a', 10],
          ['z', 1],
        ],
        [
          ['a', 11],
          ['z', 1],
        ],
      ),
    },
  ]
  checkRows(cases)
})

type Given = Omit<Row, 'name' | 'expected'>

describe('mapWithState with a timeout', () => {
  /** Values 1 update, values 0 only look. */
  const spec = StateSpec.withTime(
    (time: number, key: string, value: number | undefined, state: KeyStateType<number>) => {
      if (value) state.update(value)
      return state.isTimingOut() ? `${key} at ${time}` : undefined
    },
  )
  const row = (input: Batches, batches: number, checkpoint?: number, timeout = 3000): Given => ({
    input,
    batches,
    stream: (pairs) => {
      const stream = pairs.mapWithState(spec.timeout(timeout))
      return checkpoint === undefined ? stream : stream.checkpoint(checkpoint)
    },
  })
  const reported = async (given: Given, threads: number) =>
    (await runRow(given, threads)).flatMap(({ records }) => records).sort()

  eachThreads('idle keys are looked for every ten batches', async (threads) => {
    const input = words('a b c', 'a b', 'a', '', '', ...Array<string>(15).fill('a'))
    expect(await reported(row(input, 20), threads)).toEqual(['b at 10000', 'c at 10000'])
  })

  eachThreads('... or as often as the stream is checkpointed', async (threads) => {
    const input = words('a b', ...Array<string>(6).fill('a'))
    expect(await reported(row(input, 7, 2000), threads)).toEqual(['b at 6000'])
  })

  eachThreads('idle is longer than the timeout, not as long', async (threads) => {
    expect(await reported(row(words('a'), 6, 1000), threads)).toEqual(['a at 5000'])
  })

  eachThreads('data in the same batch keeps a key, and any record refreshes it', async (threads) => {
    const look: [string, number][] = [['a', 0]]
    const input: Batches = [[['a', 1]], [], [], [], look, [], [], [], look]
    expect(await reported(row(input, 13, 1000), threads)).toEqual(['a at 13000'])
  })

  eachThreads('a key of the initial state counts from the first batch', async (threads) => {
    const given = row([], 6, 1000)
    const stream: Row['stream'] = (pairs, ssc) =>
      pairs
        .mapWithState(spec.timeout(3000).initialState(ssc.context.parallelize<[string, number]>([['z', 1]])))
        .checkpoint(1000)
    expect(await reported({ ...given, stream }, threads)).toEqual(['z at 5000'])
  })

  eachThreads('a key that timed out is gone from the snapshots and begins anew', async (threads) => {
    const given = row(words('a b', '', '', '', '', 'a'), 6, 5000)
    const stream: Row['stream'] = (pairs) => {
      const mapped = pairs.mapWithState(StateSpec.withTime(told).timeout(2000)).checkpoint(5000) as ReturnType<
        Pairs['mapWithState']
      >
      return mapped.stateSnapshots()
    }
    const both = [
      ['a', 1],
      ['b', 1],
    ]
    expect(table(await runRow({ ...given, stream }, threads))).toEqual(rows(both, both, both, both, [], [['a', 1]]))
  })

  test.each(['update', 'remove'] as const)('%s of a key that is timing out fails the task', async (call) => {
    const touch =
      call === 'update'
        ? StateSpec.function((_key: string, value: number | undefined, state: KeyStateType<number>) =>
            state.update(value ?? 0),
          )
        : StateSpec.function((_key: string, value: number | undefined, state: KeyStateType<number>) =>
            value === undefined ? state.remove() : state.update(value),
          )
    const given = row(words('a'), 4, 1000)
    const stream: Row['stream'] = (pairs) => pairs.mapWithState(touch.timeout(1000)).checkpoint(1000)
    await expect(runRow({ ...given, stream }, 1)).rejects.toMatchObject({
      code: 'ERR_MILLRACE_TASK_FAILED',
      message: expect.stringContaining(`state.${call}(): this key is timing out`),
    })
  })
})

describe('the state object', () => {
  test('of a key without state', () => {
    const state = KeyState.none<number>()
    expect([state.exists(), state.getOption(), state.isUpdated(), state.isRemoved(), state.isTimingOut()]).toEqual([
      false,
      undefined,
      false,
      false,
      false,
    ])
    expect(() => state.get()).toThrow(/this key has no state/)
  })
  test('of a key with state, updated', () => {
    const state = KeyState.of(1)
    expect([state.exists(), state.get(), state.isUpdated()]).toEqual([true, 1, false])
    state.update(2)
    expect([state.exists(), state.get(), state.getOption(), state.isUpdated(), state.isRemoved()]).toEqual([
      true,
      2,
      2,
      true,
      false,
    ])
  })
  test('removed: neither a second remove nor an update', () => {
    const state = KeyState.of(1)
    state.update(2)
    state.remove()
    expect([state.exists(), state.getOption(), state.isUpdated(), state.isRemoved()]).toEqual([
      false,
      undefined,
      false,
      true,
    ])
    expect(() => state.remove()).toThrow(/state\.remove\(\): .* was removed/)
    expect(() => state.update(3)).toThrow(/state\.update\(\): .* was removed/)
  })
  test('timing out: it can be read only', () => {
    const state = KeyState.timingOut(3)
    expect([state.exists(), state.get(), state.isTimingOut()]).toEqual([true, 3, true])
    expect(() => state.update(4)).toThrow(/timing out/)
    expect(() => state.remove()).toThrow(/timing out/)
    expect([state.exists(), state.get()]).toEqual([true, 3])
  })
  test('a state of undefined exists', () => {
    const state = KeyState.none<undefined>()
    state.update(undefined)
    expect([state.exists(), state.get()]).toEqual([true, undefined])
  })
})
