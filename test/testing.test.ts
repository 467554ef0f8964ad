import { ArgumentError, Context, type DStream, StateSpec, TaskFailedError } from 'millrace'
import { runBatches, terminateThread } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { sorted } from './support/compare.js'

const words = (_: unknown, lines: DStream<string>) => lines.flatMap((line) => line.split(' ')).countByValue()

describe('runBatches', () => {
  test('answers with the outputs of one stream', async () => {
    const counts = await runBatches(words, [[['a b a'], [], ['b']]])
    expect(counts.map(({ time, records }) => [time, sorted(records)])).toEqual([
      [
        1000,
        [
          ['a', 2],
          ['b', 1],
        ],
      ],
      [2000, []],
      [3000, [['b', 1]]],
    ])
  })

  test('restartAfter: another context goes on from a checkpoint; what is done again is listed again', async () => {
    const totals = (_: unknown, numbers: DStream<number>) =>
      numbers
        .map((n) => ['all', n] as [string, number])
        .updateStateByKey((values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0))
        .map(([, sum]) => sum)
    const batches = [[1], [2], [3], [4], [5]]
    const listed = async (options: object) => (await runBatches(totals, [batches], options)).flatMap((b) => b.records)
    expect(await listed({ restartAfter: 3 })).toEqual([1, 3, 6, 10, 15])
    expect(await listed({ restartAfter: 3, checkpointInterval: '2s' })).toEqual([1, 3, 6, 6, 10, 15])
  })

  test('answers with the outputs of several streams by name, also of one named output', async () => {
    const outputs = await runBatches(
      (_, numbers) => ({ output: numbers.map((x) => x * 2), total: numbers.reduce((a, b) => a + b) }),
      [[[1, 2], [3]]],
    )
    expect(outputs).toEqual({
      output: [
        { time: 1000, records: [2, 4] },
        { time: 2000, records: [6] },
      ],
      total: [
        { time: 1000, records: [3] },
        { time: 2000, records: [3] },
      ],
    })
  })

  test('several inputs, of different lengths: the shorter goes on empty', async () => {
    const both = await runBatches((_, left, right) => left.map(String).union(right), [[[1], [2]], [['x']]])
    expect(both).toEqual([
      { time: 1000, records: ['1', 'x'] },
      { time: 2000, records: ['2'] },
    ])
  })

  test('no inputs, from the context', async () => {
    const queue = await runBatches((ssc) => ssc.queueStream([[1], [2], [3]]), [], { batches: 2 })
    expect(queue).toEqual([
      { time: 1000, records: [1] },
      { time: 2000, records: [2] },
    ])
  })

  test('fewer and more batches than there are inputs', async () => {
    const run = async (batches?: number) =>
      (await runBatches((_, s) => s, [[[1], [2]]], { batches })).map(({ records }) => records)
    expect(await run(1)).toEqual([[1]])
    expect(await run(0)).toEqual([])
    expect(await run(4)).toEqual([[1], [2], [], []])
  })

  test('null is a batch without a dataset', async () => {
    expect(await runBatches((_, s) => s.map((x) => x), [[[1], null, []]])).toEqual([
      { time: 1000, records: [1] },
      { time: 3000, records: [] },
    ])
  })

  test('the batch interval, and streams that slide by more', async () => {
    const sums = await runBatches((_, s) => s.window('1s', '1s').reduce((a, b) => a + b), [[[1], [2], [3], [4]]], {
      batchInterval: '500ms',
    })
    expect(sums).toEqual([
      { time: 1000, records: [3] },
      { time: 2000, records: [7] },
    ])
  })

  test('partitions', async () => {
    const sizes = (options: object) =>
      runBatches((_, s) => s.mapPartitions((xs) => [[...xs].length]), [[[1, 2, 3, 4, 5, 6]]], options)
    expect((await sizes({ partitions: 3 }))[0]!.records).toEqual([2, 2, 2])
    expect((await sizes({ threads: 2 }))[0]!.records).toEqual([3, 3])
    expect((await sizes({}))[0]!.records).toEqual([6])
  })

  test('the inputs are not changed', async () => {
    const batches = [[1], [2]]
    await runBatches((_, s) => s, [batches])
    expect(batches).toEqual([[1], [2]])
  })

  test('rejects with the error of the batch that failed', async () => {
    const failing = runBatches(
      (_, s) =>
        s.map((x) => {
          if (x === 2) throw new RangeError('two')
          return x
        }),
      [[[1], [2], [3]]],
    )
    await expect(failing).rejects.toThrow(TaskFailedError)
    await expect(failing).rejects.toThrow('two')
  })

  test.each([-1, 1.5, Number.NaN])('batches: %s is refused', async (batches) => {
    await expect(runBatches((_, s) => s, [[[1]]], { batches })).rejects.toThrow(ArgumentError)
  })

  test('options that do not exist are refused', async () => {
    await expect(runBatches((_, s) => s, [[[1]]], { thread: 2 } as object)).rejects.toThrow(/thread/)
  })

  test.each([
    [1, 0],
    [2, 0],
    [2, 1],
  ])('kills: %i threads, the one of slot %i dies in every batch', async (threads, slot) => {
    const batches = Array.from({ length: 8 }, (_, i) => Array.from({ length: 20 }, (_, j) => `k${(i + j) % 7}`))
    const asked: number[] = []
    const pipeline = (_: unknown, keys: DStream<string>) => ({
      counts: keys.countByValueAndWindow('3s', '1s'),
      totals: keys
        .map((key): [string, number] => [key, 1])
        .mapWithState(
          StateSpec.function<string, number, number, [string, number]>((key, value, state) => {
            state.update((value ?? 0) + (state.getOption() ?? 0))
            return [key, state.get()]
          }),
        ),
    })
    const calm = await runBatches(pipeline, [batches], { threads, partitions: 3 })
    const killed = await runBatches(pipeline, [batches], {
      threads,
      partitions: 3,
      kill: (batch) => {
        asked.push(batch)
        return slot
      },
    })
    expect(asked).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    for (const name of ['counts', 'totals'] as const) {
      expect(killed[name].map(({ time, records }) => [time, sorted<unknown>(records)])).toEqual(
        calm[name].map(({ time, records }) => [time, sorted<unknown>(records)]),
      )
    }
  })
})

test('terminateThread ends a thread, and the engine goes on', async () => {
  await using ctx = new Context({ threads: 2, spare: false })
  await expect(terminateThread(ctx)).rejects.toMatchObject({
    code: 'ERR_MILLRACE_STATE',
    details: { slot: 0, slots: [] },
  })
  await ctx.start()
  const lost: string[] = []
  ctx.on('threadLost', ({ slot, reason }) => lost.push(`${slot} ${reason}`))
  await terminateThread(ctx, 1)
  expect(lost).toEqual(['1 terminated'])
  expect(await ctx.range(10).count()).toBe(10)
  await expect(terminateThread(ctx, 7)).rejects.toThrow(/no thread in slot 7/)
})
