import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type TaskContext, withEnv } from 'millrace'
import { expect, onTestFinished, test } from 'vitest'

function logFile(): { path: string; lines: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-resources-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'log')
  return { path, lines: () => readFileSync(path, 'utf8').trim().split('\n').sort() }
}

test('each thread opens a resource once, and closes it when the context stops', async () => {
  const { path, lines } = logFile()
  const ctx = new Context({ threads: 2, spare: false })
  for (let round = 0; round < 3; round++) {
    await ctx.parallelize([1, 2, 3, 4], 4).foreachPartition(
      withEnv({ path }, async (_records: Iterable<number>, _partition: number, context: TaskContext) => {
        const { appendFileSync } = process.getBuiltinModule('node:fs')
        await context.resource(
          'connection',
          async () => appendFileSync(path, 'open\n'),
          async () => {
            await new Promise((resolve) => setTimeout(resolve, 20))
            appendFileSync(path, 'close\n')
          },
        )
      }),
    )
  }
  await ctx.stop()
  const all = lines()
  expect(all.filter((line) => line === 'close')).toEqual(all.filter((line) => line === 'open').map(() => 'close'))
  expect(all.length).toBeGreaterThanOrEqual(2)
  expect(all.length).toBeLessThanOrEqual(4)
})

test('a resource that does not close delays the stop by a second at most; one that fails is reported', async () => {
  const warnings: string[] = []
  const logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} }
  const ctx = new Context({ threads: 1, spare: false, logger })
  await ctx.parallelize([1], 1).foreachPartition(async (_records, _partition, context) => {
    await context.resource(
      'fails',
      () => 1,
      () => {
        throw new Error('no goodbye')
      },
    )
  })
  await ctx.stop()
  expect(warnings).toEqual(['a connection of a worker thread did not close'])
  const stuck = new Context({ threads: 1, spare: false })
  await stuck.parallelize([1], 1).foreachPartition(async (_records, _partition, context) => {
    await context.resource(
      'hangs',
      () => 1,
      () => new Promise(() => {}),
    )
  })
  // Ends, although the connection never closes.
  await stuck.stop()
})

test('a discarded resource is closed, and the next call opens another', async () => {
  const { path, lines } = logFile()
  await using ctx = new Context({ threads: 1, spare: false })
  const twice = async (_records: Iterable<number>, _partition: number, context: TaskContext) => {
    const { appendFileSync } = process.getBuiltinModule('node:fs')
    for (let i = 0; i < 2; i++) {
      await context.resource(
        'connection',
        () => appendFileSync(path, 'open\n'),
        () => appendFileSync(path, 'close\n'),
      )
      context.discard('connection')
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ctx.parallelize([1], 1).foreachPartition(withEnv({ path }, twice))
  expect(lines()).toEqual(['close', 'close', 'open', 'open'])
})
