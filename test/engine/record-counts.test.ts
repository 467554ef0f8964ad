import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BatchInfo, DStream } from 'millrace'
import { expect, test } from 'vitest'
import { manual, run } from './support.js'

const uses: [string, (stream: DStream<number>) => void][] = [
  ['print(1)', (s) => s.foreachRDD((rdd) => rdd.take(1))],
  [
    'a slower window',
    (s) =>
      s
        .window('4s', '4s')
        .count()
        .foreachRDD((rdd) => rdd.count()),
  ],
  ['nobody', (s) => s.foreachRDD(() => {})],
  ['count', (s) => s.foreachRDD((rdd) => rdd.count())],
]

test.each(uses)('what arrived is known at the cut, read by %s', async (_, use) => {
  const { ssc } = manual({ threads: 2 })
  await using _ssc = ssc
  const input = ssc.pushStream<number>('in')
  use(input)
  const seen: BatchInfo[] = []
  for (const name of ['batchSubmitted', 'batchStarted', 'batchCompleted'] as const)
    ssc.on(name, (info) => seen.push(info))
  await ssc.start()
  await run(ssc, 1, () => void input.pushAll(Array.from({ length: 20_000 }, (_, i) => i)))
  expect(seen.map(({ records }) => records)).toEqual([20_000, 20_000, 20_000])
  expect(seen.map(({ inputs }) => inputs[0]!.records)).toEqual([20_000, 20_000, 20_000])
})

test('lines of text are counted as they are cut', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  const seen: unknown[] = []
  ssc
    .input<string>({
      kind: 'receiver',
      name: 'text',
      codec: 'text',
      create: () => ({ start: async (sink) => sink.text(Buffer.from('a\nbb\n\nccc\nrest')), stop: async () => {} }),
    })
    .foreachRDD(() => {})
  ssc.on('batchStarted', ({ records }) => seen.push(records))
  await ssc.start()
  await run(ssc, 1)
  expect(seen).toEqual([4])
})

test('files: unknown before tasks have read all of them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-counts-'))
  const { ssc } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  ssc
    .input<string>({
      kind: 'direct',
      name: 'files',
      create: () => ({
        open: async () => {},
        next: async () => {
          const path = join(directory, 'a.txt')
          writeFileSync(path, 'a\nb\n')
          return { partitions: [{ path, start: 0, end: 4 }] }
        },
        close: async () => {},
      }),
    })
    .foreachRDD((rdd) => rdd.count())
  const seen: unknown[] = []
  for (const name of ['batchStarted', 'batchCompleted'] as const)
    ssc.on(name, ({ inputs }) => seen.push(inputs[0]!.records))
  await ssc.start()
  await run(ssc, 1)
  expect(seen).toEqual([undefined, 2])
})
