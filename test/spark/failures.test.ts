import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type ContextOptions, FileChangedError, TaskFailedError, withEnv } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'
import { eventually } from '../support/eventually.js'
import { isRunning, processesBelow } from './processes.js'

/** Functions that do not end or that end their process, by what they do. */
const ENDINGS = {
  'never returns': () => {
    for (;;);
  },
  'calls process.exit': () => process.exit(0),
  'leaves a rejected promise behind': async () => {
    void Promise.reject(new Error('left behind'))
    await new Promise(() => {})
  },
} satisfies Record<string, () => unknown>

describe.runIf(hasService('spark'))('failures of tasks', () => {
  const options: ContextOptions = { taskTimeout: 1500, maxFailures: 2 }
  const local = new Context({ threads: 2, ...options })
  let ctx: Context
  const folder = mkdtempSync(join(tmpdir(), 'millrace-spark-failures-'))
  const workers = () => processesBelow(process.pid).filter(({ command }) => command.includes('millrace-worker'))

  beforeAll(() => {
    buildBridge()
    ctx = new Context({ ...onSpark('local[2]'), ...options })
  })
  afterAll(async () => {
    await Promise.all([ctx.stop(), local.stop()])
    rmSync(folder, { recursive: true })
  })

  async function failureOf(run: Promise<unknown>): Promise<TaskFailedError> {
    const error = await run.catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TaskFailedError)
    return error as TaskFailedError
  }

  test.each(Object.keys(ENDINGS) as (keyof typeof ENDINGS)[])(
    'a function that %s fails its job as in threads',
    async (how) => {
      const failing = (of: Context) => {
        const records = of.range(0, 4, 1, 1)
        return failureOf(
          how.startsWith('leaves') ? records.mapAsync(ENDINGS[how]).count() : records.map(ENDINGS[how]).count(),
        )
      }
      const [there, here] = [await failing(ctx), await failing(local)]
      const [cause, wanted] = [there, here].map((error) => error.cause as Error & { code: string; reason: string })
      expect({ code: cause!.code, reason: cause!.reason }).toEqual({ code: wanted!.code, reason: wanted!.reason })
      // A thread that another task ends is a setback in threads, and another attempt.
      expect(there.details).toEqual({ ...here.details, job: there.details?.job, attempts: 2 })
      expect(await ctx.range(0, 10, 1, 2).sum()).toBe(45)
    },
  )

  test('a signal that ends a Node process costs its task no failure', async () => {
    const killed = mkdtempSync(join(folder, 'killed-'))
    const records = ctx.range(0, 3, 1, 1).map(
      withEnv({ killed }, (n) => {
        const fs = process.getBuiltinModule('fs')
        const times = fs.readdirSync(killed).length
        if (times < 3) {
          fs.writeFileSync(`${killed}/${times}`, '')
          process.kill(process.pid, 'SIGKILL')
          for (;;);
        }
        return n
      }),
    )
    expect(await records.collect()).toEqual([0, 1, 2])
    expect(readdirSync(killed)).toHaveLength(3)
  })

  test('a function that is slow but returns is not ended', async () => {
    const slow = ctx.range(0, 8, 1, 2).map((n) => {
      for (let end = Date.now() + 600; Date.now() < end; );
      return n
    })
    expect(await slow.sum()).toBe(28)
  })

  test('a process that is stopped is ended, and its task runs in another one', async () => {
    await ctx.range(0, 2, 1, 2).count()
    const stopped = workers()
    for (const { pid } of stopped) process.kill(pid, 'SIGSTOP')
    expect(await ctx.range(0, 10, 1, 2).sum()).toBe(45)
    await eventually(() => expect(stopped.filter(isRunning)).toEqual([]))
  })

  test('an error that says that it is final fails its job at the first attempt', async () => {
    const failing = (of: Context) =>
      failureOf(
        of
          .parallelize(['a', 'b'], 1)
          .map((name) => {
            if (name === 'b') throw Object.assign(new Error('refused'), { details: { final: true } })
            return [name, 1] as [string, number]
          })
          .reduceByKey((a, b) => a + b)
          .collect(),
      )
    const [there, here] = [await failing(ctx), await failing(local)]
    expect(there.message.replace(/job \d+/, '')).toBe(here.message.replace(/job \d+/, ''))
    expect(there.details).toEqual({ ...here.details, job: there.details?.job })
    expect(there.details?.attempts).toBe(1)
  })

  test('a file that has changed since its listing fails the next job by its own error', async () => {
    const failing = async (of: Context, name: string) => {
      const path = join(folder, name)
      writeFileSync(path, 'line\n'.repeat(100))
      const lines = of.textFile(path, 1)
      expect(await lines.count()).toBe(100)
      writeFileSync(path, 'other\n'.repeat(500))
      return await lines.count().catch((error) => error)
    }
    const [there, here] = [await failing(ctx, 'there'), await failing(local, 'here')]
    expect(here).toBeInstanceOf(FileChangedError)
    expect(there).toBeInstanceOf(FileChangedError)
    expect(there.message.replace('there', 'here')).toBe(here.message)
  })
})
