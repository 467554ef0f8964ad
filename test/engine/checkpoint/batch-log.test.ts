import { EventEmitter, once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OutputCall, RDD } from 'millrace'
import { expect, test } from 'vitest'
import { asAfterKill, known, listed, type Manual, scratch } from './support.js'

const { directory, manual } = scratch()

function put(path: string, ms: number, text: string): void {
  writeFileSync(path, text)
  utimesSync(path, ms / 1000, ms / 1000)
}
async function ticks({ ssc, clock }: Manual, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
}
const saved = (at: string) =>
  readdirSync(at)
    .sort()
    .map((name) => {
      const parts = readdirSync(join(at, name)).filter((part) => part.startsWith('part-'))
      return [
        name,
        parts
          .sort()
          .map((part) => readFileSync(join(at, name, part), 'utf8'))
          .join(''),
      ]
    })

test('a batch that runs again without its received data does not replace its output', async () => {
  const at = directory()
  const build = (of: Manual) => {
    of.ssc.checkpoint(of.clock.now() === 10_000 ? join(at, 'a') : join(at, 'b'))
    const words = of.ssc.pushStream<string>('words')
    words.saveAsTextFiles(join(at, 'out', 'batch'))
    words.window('2s').saveAsTextFiles(join(at, 'out', 'window'))
    return words
  }
  const first = manual(10_000, { checkpointInterval: '1m' })
  const words = build(first)
  await first.ssc.start()
  for (const word of ['a', 'b']) {
    await words.push(word)
    await ticks(first, 1)
  }
  await ticks(first, 1)
  const before = saved(join(at, 'out'))
  expect(before).toContainEqual(['window-12000', 'a\nb\n'])
  expect(before).toContainEqual(['window-13000', 'b\n'])
  asAfterKill(join(at, 'a'), join(at, 'b'))
  const second = manual(13_000, { checkpointInterval: '1m' })
  const again = build(second)
  await second.ssc.start()
  await again.push('c')
  await ticks(second, 1)
  const after = saved(join(at, 'out'))
  expect(after.filter(([name]) => before.some(([known]) => known === name))).toEqual(before)
  // Records pushed now belong to the next batch.
  expect(after).toContainEqual(['batch-14000', 'c\n'])
})

test.each([false, true])('an output that stop() interrupts runs again, write-ahead log: %s', async (writeAheadLog) => {
  const at = directory()
  const events = new EventEmitter()
  const got: number[] = []
  const build = (now: number, waits: boolean) => {
    const of = manual(now, { checkpointInterval: '1m', writeAheadLog })
    of.ssc.checkpoint(at)
    of.ssc.pushStream<string>('words').foreachRDD(async (_rdd, time) => {
      if (waits && time === 12_000) {
        events.emit('waits')
        await once(events, 'never')
      }
      got.push(time)
    })
    return of
  }
  const first = build(10_000, true)
  await first.ssc.start()
  await ticks(first, 1)
  const waits = once(events, 'waits')
  await first.clock.advance(1000)
  await waits
  await first.ssc.stop()
  expect(got).toEqual([11_000])
  const second = build(12_000, false)
  await second.ssc.start()
  await ticks(second, 1)
  expect(got.filter((time) => time > 11_000)).toEqual([12_000, 13_000])
})

test('a batch that runs again has the files of its first run, and later ones the others', async () => {
  const at = directory()
  const files = join(at, 'in')
  mkdirSync(files)
  const got: [number, string[]][] = []
  const build = (of: Manual, checkpoints: string) => {
    of.ssc.checkpoint(join(at, checkpoints))
    const collect = async (rdd: RDD<string>, time: number) => void got.push([time, await rdd.collect()])
    of.ssc.textFileStream(files).foreachRDD(collect, { inMemory: true })
  }
  const first = manual(10_000, { checkpointInterval: '1m' })
  build(first, 'a')
  await first.ssc.start()
  put(join(files, 'early'), 10_500, 'early\n')
  await ticks(first, 1)
  // Visible only now, with a time of the batch before.
  put(join(files, 'late'), 10_600, 'late\n')
  await ticks(first, 1)
  const before = [...got]
  expect(before).toEqual([
    [11_000, ['early']],
    [12_000, ['late']],
  ])
  asAfterKill(join(at, 'a'), join(at, 'b'))
  const second = manual(12_000, { checkpointInterval: '1m' })
  got.length = 0
  build(second, 'b')
  await second.ssc.start()
  await second.ssc.awaitIdle()
  await ticks(second, 1)
  expect(got).toEqual([...before, [13_000, []]])
  // Archived by now: the outputs that completed do not run again with less.
  asAfterKill(join(at, 'a'), join(at, 'c'))
  renameSync(join(files, 'early'), join(at, 'early'))
  rmSync(join(files, 'late'))
  const third = manual(12_000, { checkpointInterval: '1m' })
  got.length = 0
  build(third, 'c')
  await third.ssc.start()
  await third.ssc.awaitIdle()
  expect(got).toEqual([])
  expect(third.log.filter((text) => /runs again without it/.test(text))).toHaveLength(2)
})

test('outputs that completed do not run again; one that was interrupted does, and knows it', async () => {
  const at = directory()
  const calls: [string, OutputCall][] = []
  const attempts = { attempts: 2, delay: 1 }
  const build = (of: Manual, checkpoints: string, second: (call: OutputCall) => unknown) => {
    of.ssc.checkpoint(join(at, checkpoints))
    const totals = known(of.ssc, (i) => [['a', i] as [string, number]]).updateStateByKey<number>((values, total = 0) =>
      values.reduce((sum, value) => sum + value, total),
    )
    totals.foreachRDD((_, __, call) => void calls.push(['first', call]))
    totals.foreachRDD((_, __, call) => {
      calls.push(['second', call])
      return second(call)
    })
    return listed(totals)
  }
  const options = { checkpointInterval: '1m', outputRetries: attempts } as const
  const first = manual(10_000, options)
  const interrupted = new EventEmitter()
  build(first, 'a', ({ time, attempt }) => {
    if (time === 11_000 && attempt === 1) throw new Error('once')
    if (time < 12_000) return
    interrupted.emit('interrupted')
    return new Promise(() => {})
  })
  await first.ssc.start()
  const isInterrupted = once(interrupted, 'interrupted')
  await first.clock.advance(2000)
  await isInterrupted
  const outputId = { first: calls[0]![1].outputId, second: calls[1]![1].outputId }
  expect(outputId.first).not.toBe(outputId.second)
  expect(calls).toEqual([
    ['first', { time: 11_000, outputId: outputId.first, attempt: 1, replayed: false }],
    ['second', { time: 11_000, outputId: outputId.second, attempt: 1, replayed: false }],
    ['second', { time: 11_000, outputId: outputId.second, attempt: 2, replayed: false }],
    ['first', { time: 12_000, outputId: outputId.first, attempt: 1, replayed: false }],
    ['second', { time: 12_000, outputId: outputId.second, attempt: 1, replayed: false }],
  ])
  asAfterKill(join(at, 'a'), join(at, 'b'))
  await first.ssc.stop({ timeout: 1 })
  calls.length = 0
  const second = manual(12_000, options)
  const totals = build(second, 'b', () => {})
  await second.ssc.start()
  await ticks(second, 1)
  expect(calls).toEqual([
    ['second', { time: 12_000, outputId: outputId.second, attempt: 1, replayed: true }],
    ['first', { time: 13_000, outputId: outputId.first, attempt: 1, replayed: false }],
    ['second', { time: 13_000, outputId: outputId.second, attempt: 1, replayed: false }],
  ])
  // State advanced through the batches whose outputs did not run, and data that was only in memory was recomputed.
  expect(totals).toEqual([
    [11_000, [['a', 11]]],
    [12_000, [['a', 23]]],
    [13_000, [['a', 36]]],
  ])
})

test.each(['completed', 'interrupted'] as const)(
  'a batch without data has none when it runs again: data that came since belongs to a later one (output: %s)',
  async (output) => {
    const at = directory()
    const files = join(at, 'in')
    mkdirSync(files)
    const got: [number, string[]][] = []
    const began = new EventEmitter()
    const build = (of: Manual, checkpoints: string, isInterrupted: boolean) => {
      of.ssc.checkpoint(join(at, checkpoints))
      of.ssc.textFileStream(files).foreachRDD(async (rdd, time) => {
        got.push([time, await rdd.collect()])
        began.emit('began')
        if (isInterrupted) await new Promise(() => {})
      })
    }
    const first = manual(10_000, { checkpointInterval: '1m' })
    build(first, 'a', output === 'interrupted')
    await first.ssc.start()
    const hasBegun = once(began, 'began')
    await first.clock.advance(1000)
    await hasBegun
    if (output === 'completed') await first.ssc.awaitIdle()
    expect(got.splice(0)).toEqual([[11_000, []]])
    asAfterKill(join(at, 'a'), join(at, 'b'))
    await first.ssc.stop({ timeout: 1 })
    put(join(files, 'later'), 10_900, 'later\n')
    const second = manual(11_000, { checkpointInterval: '1m' })
    build(second, 'b', false)
    await second.ssc.start()
    await ticks(second, 1)
    expect(got).toEqual([...(output === 'completed' ? [] : [[11_000, []]]), [12_000, ['later']]])
  },
)
