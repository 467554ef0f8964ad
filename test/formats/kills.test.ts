import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Context, type ContextOptions, type RDD, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { killThread } from '../support/kill.js'
import { context, folder } from './support.js'

const COUNT = 20_000
const numbers = Array.from({ length: COUNT }, (_, n) => n)
const text = (n: number) => `text ${n} ü`

/** How serial numbers are saved and read: a text beside each shows that no record is mixed from two. */
interface Format {
  readonly save: (numbers: RDD<number>, path: string) => Promise<void>
  readonly read: (ctx: Context, path: string) => RDD<readonly [number, string]>
}

const FORMATS: Readonly<Record<string, Format>> = {
  csv: {
    save: (rdd, path) => rdd.map(withEnv({ text }, (n: number) => ({ n, text: text(n) }))).saveAsCsvFile(path),
    read: (ctx, path) =>
      ctx
        .csvFile<{ n: number; text: string }>(`${path}/part-*`, { types: { n: 'integer' } })
        .map((row): [number, string] => [row.n, row.text]),
  },
  'SequenceFile, blocks': {
    save: (rdd, path) =>
      rdd.map(withEnv({ text }, (n: number): [number, string] => [n, text(n)])).saveAsSequenceFile(path),
    read: (ctx, path) => ctx.sequenceFile<number, string>(`${path}/part-*`),
  },
  'SequenceFile, records': {
    save: (rdd, path) =>
      rdd
        .map(withEnv({ text }, (n: number): [number, string] => [n, text(n)]))
        .saveAsSequenceFile(path, { compression: 'record' }),
    read: (ctx, path) => ctx.sequenceFile<number, string>(`${path}/part-*`),
  },
  objects: {
    save: (rdd, path) =>
      rdd.map(withEnv({ text }, (n: number): [number, string] => [n, text(n)])).saveAsObjectFile(path),
    read: (ctx, path) => ctx.objectFile<[number, string]>(path),
  },
}

/** Written by code of the test, as no operation saves them. */
const BINARY: Format = {
  save: async (_, path) => {
    const bytes = Buffer.alloc(COUNT * 20)
    for (const n of numbers) {
      bytes.writeUInt32LE(n, n * 20)
      bytes.write(text(n), n * 20 + 4)
    }
    writeFileSync(path, bytes)
  },
  read: (ctx, path) =>
    ctx.binaryRecords(path, 20).map((record): [number, string] => {
      const bytes = Buffer.from(record)
      return [bytes.readUInt32LE(0), bytes.toString('utf8', 4).replace(/\0+$/, '')]
    }),
}

const expected = numbers.map((n) => [n, text(n)])
const sorted = (records: readonly (readonly [number, string])[]) => [...records].sort(([a], [b]) => a - b)
const newContext = (options: ContextOptions = {}) => context({ threads: 2, parallelism: 4, maxFailures: 4, ...options })

/** Passes pairs on, and hangs once at number `at`, until its thread is killed. `flag`: the file that says so. */
function hangOnce(at: number, flag: string) {
  return withEnv({ at, flag }, (pair: readonly [number, string]): [number, string] => {
    if (pair[0] === at) {
      const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
      if (!existsSync(flag)) {
        writeFileSync(flag, '')
        for (;;);
      }
    }
    return [pair[0], pair[1]]
  })
}

async function killWhere(ctx: Context, flag: string): Promise<void> {
  await eventually(() => expect(existsSync(flag)).toBe(true))
  for (const slot of [0, 1]) await killThread(ctx, slot)
}

test.each(Object.entries({ ...FORMATS, 'binary records': BINARY }))(
  'threads that die while they read %s, in the middle of a file',
  async (_, { save, read }) => {
    const [path, flag] = [join(folder(), 'saved'), join(folder(), 'hangs')]
    const ctx = newContext()
    await save(ctx.parallelize(numbers, 4), path)
    const all = read(ctx, path).map(hangOnce(7777, flag)).collect()
    await killWhere(ctx, flag)
    expect(sorted(await all)).toEqual(expected)
  },
)

describe.each(Object.entries(FORMATS))('threads that die while they save %s', (_, { save, read }) => {
  test('in the middle of a part', async () => {
    const [path, flag] = [join(folder(), 'saved'), join(folder(), 'hangs')]
    const ctx = newContext()
    const pairs = ctx.parallelize(numbers, 4).map((n): [number, string] => [n, ''])
    const saved = save(
      pairs.map(hangOnce(7777, flag)).map(([n]) => n),
      path,
    )
    await killWhere(ctx, flag)
    await saved
    expect(sorted(await read(ctx, path).collect())).toEqual(expected)
  })

  test('when a part is written, and before its end is known', async () => {
    const path = join(folder(), 'saved')
    const faults = (['task:start', 'task:computed', 'task:end'] as const).flatMap((point) =>
      [1, 3].map((nth) => ({ point, nth, passes: new SharedArrayBuffer(4) })),
    )
    const ctx = newContext({ faults })
    let lost = 0
    ctx.on('threadLost', () => lost++)
    await save(ctx.parallelize(numbers, 4), path)
    expect(sorted(await read(ctx, path).collect())).toEqual(expected)
    expect(lost).toBe(faults.length)
  })
})
