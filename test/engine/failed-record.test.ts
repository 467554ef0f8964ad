import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type TaskFailedError, withEnv } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'millrace-failed-'))
const contexts = [true, false].map(
  (codegen) => [codegen, new Context({ threads: 1, spare: false, maxFailures: 1, codegen })] as const,
)
afterAll(async () => {
  for (const [, ctx] of contexts) await ctx.stop()
  rmSync(folder, { recursive: true, force: true })
})
async function failure(job: Promise<unknown>): Promise<TaskFailedError> {
  const error = await job.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (error === undefined) throw new Error('the job should have failed')
  return error as TaskFailedError
}

describe.each(contexts)('code generated: %s. An error names the record', (_, ctx) => {
  test.each([1, 5, 17, 4500])('by its position: %i', async (bad) => {
    const failing = ctx.range(1, 6000, 1, 1).map(
      withEnv({ bad }, (x) => {
        if (x === bad) throw new Error('no good')
        return x
      }),
    )
    const error = await failure(failing.count())
    expect(error.details).toMatchObject({ operation: 'map', record: String(bad) })
    expect(error.message).toMatch(new RegExp(`no good \\(record: ${bad}\\)$`))
  })

  test('that comes out of a generator', async () => {
    const failing = ctx
      .range(0, 100, 1, 1)
      .mapPartitions(function* (xs) {
        for (const x of xs) yield { x }
      })
      .filter(({ x }) => {
        if (x === 60) throw new Error('no good')
        return true
      })
    expect((await failure(failing.count())).details.record).toBe('{ x: 60 }')
  })

  test('of a function that awaits', async () => {
    const failing = ctx.parallelize(['a', 'b', 'c'], 1).mapAsync(async (text) => {
      if (text === 'b') throw new Error('no good')
      return text
    })
    expect((await failure(failing.collect())).details.record).toBe("'b'")
  })

  test('and the file it came from', async () => {
    const path = join(folder, 'rows.txt')
    writeFileSync(path, '{"a":1}\n{"a":\n')
    const error = await failure(
      ctx
        .textFile(path)
        .map((line) => JSON.parse(line))
        .collect(),
    )
    expect(error.details).toMatchObject({ record: `'{"a":'`, files: [path] })
    expect(error.message).toContain(`record: '{"a":', from ${path}`)
  })

  test('in at most 200 characters, and without calling what it holds', async () => {
    const long = { text: 'x'.repeat(100_000), list: Array.from({ length: 10_000 }, (_, i) => i) }
    const failing = ctx.parallelize([long], 1).map((row) => (row as unknown as { a: { b: number } }).a.b)
    expect(String((await failure(failing.collect())).details.record).length).toBeLessThan(210)
    const odd = ctx
      .parallelize([1], 1)
      .mapPartitions(() => [
        new Proxy(
          {},
          {
            get() {
              throw new Error('trap')
            },
            ownKeys() {
              throw new Error('trap')
            },
          },
        ),
      ])
      .map(() => {
        throw new Error('no good')
      })
    expect((await failure(odd.count())).message).toMatch(/no good|trap/)
  })
})
