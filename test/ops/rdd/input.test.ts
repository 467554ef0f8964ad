import { Context, type DirectSource } from 'millrace'
import { afterEach, expect, test } from 'vitest'

const module = new URL('../../fixtures/numbers-reader.mjs', import.meta.url).href
const open: Context[] = []
afterEach(async () => {
  for (const ctx of open.splice(0)) await ctx.stop()
})

function context(): Context {
  const ctx = new Context({ threads: 2 })
  open.push(ctx)
  return ctx
}

/** Two partitions of five numbers; notes the calls of its driver's half. */
function numbers(calls: unknown[] = [], next?: () => never): DirectSource<object> {
  return {
    kind: 'direct',
    name: 'ten numbers',
    reader: { module, export: 'numbers' },
    create: () => ({
      open: async (_zero, interval) => void calls.push(['open', interval]),
      next: async () => next?.() ?? { partitions: [0, 5].map((from) => ({ from, to: from + 5 })) },
      committed: async () => void calls.push('committed'),
      close: async () => void calls.push('close'),
    }),
  }
}

test('a dataset has what the source holds now; the driver plans it once', async () => {
  const calls: unknown[] = []
  const rdd = await context().input<number>(numbers(calls))
  expect(rdd.getNumPartitions()).toBe(2)
  expect(await rdd.collect()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(await rdd.filter((n) => n % 2 === 0).count()).toBe(5)
  expect(calls).toEqual([['open', Number.POSITIVE_INFINITY], 'close'])
})

test('a source that cannot plan is closed, and its error names it', async () => {
  const calls: unknown[] = []
  const failing = numbers(calls, () => {
    throw new Error('no such table')
  })
  await expect(context().input(failing)).rejects.toThrow('ten numbers could not plan its partitions: no such table')
  expect(calls.at(-1)).toBe('close')
})

test.each<[string, unknown, string]>([
  ['a local source', { kind: 'local', name: 'queue', next: () => [] }, "the local source 'queue'"],
  ['a direct source of files', { kind: 'direct', name: 'files', create: () => ({}) }, 'For files use textFile()'],
  ['nothing', undefined, 'input() got undefined'],
])('%s is refused', async (_, source, text) => {
  await expect(context().input(source as never)).rejects.toThrow(text)
})

test('a module that cannot be loaded is called what it is: the module of the reader', async () => {
  const missing = { ...numbers(), reader: { module: new URL('./no-such.mjs', import.meta.url).href, export: 'x' } }
  const rdd = await context().input(missing)
  const error = await rdd.collect().catch((cause: unknown) => cause as Error & { cause: Error })
  expect(String((error as Error).message)).toMatch(/The module of the reader file:.*no-such.mjs cannot be loaded/)
  expect(String((error as Error).message)).not.toContain('pipeline')
})

test('a path instead of a URL is an error that says what to write', async () => {
  const rdd = await context().input({ ...numbers(), reader: { module: './reader.js', export: 'x' } })
  await expect(rdd.collect()).rejects.toThrow("The module of the reader is './reader.js'; use a URL")
})
