import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asAfterKill, type Manual, scratch } from './support.js'

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
  // What is pushed now belongs to the next batch.
  expect(after).toContainEqual(['batch-14000', 'c\n'])
})

test('a batch that runs again has the files of its first run, and later ones the others', async () => {
  const at = directory()
  const files = join(at, 'in')
  mkdirSync(files)
  const got: [number, string[]][] = []
  const build = (of: Manual, checkpoints: string) => {
    of.ssc.checkpoint(join(at, checkpoints))
    of.ssc.textFileStream(files).foreachRDD(async (rdd, time) => void got.push([time, await rdd.collect()]))
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
