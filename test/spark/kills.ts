import { setTimeout as wait } from 'node:timers/promises'
import { type Context, type RDD, withEnv } from 'millrace'
import { processesBelow } from './processes.js'

export const VICTIMS = { 'a Node process': /millrace-worker/, 'an executor': /CoarseGrainedExecutorBackend/ } as const
export type Victim = keyof typeof VICTIMS

/** An executor was killed, and no other one had run a task yet: the job waits for the JVM of a new one. */
const LAST_EXECUTOR = 'the last executor'

/** A job, and its answer as a model computes it. */
export interface KilledJob {
  readonly name: string
  run(): Promise<unknown>
  readonly answer: unknown
}

export interface Kill {
  readonly job: string
  /** Undefined: the job ended first, or no such process was there. */
  readonly victim: Victim | typeof LAST_EXECUTOR | undefined
  readonly ms: number
  readonly isRight: boolean
}

const RECORDS = 400
const PARTITIONS = 8
/** Ms that the first record of a partition takes, so that a kill meets tasks that run. */
const SLOW_MS = 80

/** Ms that a job with a kill should take at most, on an idle machine. */
const MARK_MS = 3000
const SHOWN = 5

const numbers = Array.from({ length: RECORDS }, (_, n) => n)
const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0)
const byKey = (pairs: readonly (readonly [number, number])[]) => [...pairs].sort(([a, x], [b, y]) => a - b || x - y)

/** Numbers whose partitions each take a while, without computing. */
function slowly(ctx: Context): RDD<number> {
  const every = RECORDS / PARTITIONS
  const ms = SLOW_MS
  return ctx.range(0, RECORDS, 1, PARTITIONS).map(
    withEnv({ every, ms }, (n) => {
      if (n % every === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
      return n
    }),
  )
}

/** Jobs with one stage and with several, with persisted data, and with additions that count once. */
export function jobsOf(ctx: Context): KilledJob[] {
  const persisted = slowly(ctx).persist()
  return [
    { name: 'sum', run: () => slowly(ctx).sum(), answer: sum(numbers) },
    {
      name: 'reduceByKey',
      run: async () =>
        byKey(
          await slowly(ctx)
            .map((n): [number, number] => [n % 7, n])
            .reduceByKey((a, b) => a + b, 4)
            .collect(),
        ),
      answer: [0, 1, 2, 3, 4, 5, 6].map((key) => [key, sum(numbers.filter((n) => n % 7 === key))]),
    },
    {
      name: 'sortBy',
      run: () =>
        slowly(ctx)
          .sortBy((n) => -n, true, 4)
          .collect(),
      answer: [...numbers].reverse(),
    },
    {
      name: 'join after reduceByKey',
      run: async () => {
        const counts = slowly(ctx)
          .map((n): [number, number] => [n % 5, 1])
          .reduceByKey((a, b) => a + b, 3)
        const names = slowly(ctx)
          .filter((n) => n < 5)
          .map((n): [number, number] => [n, n * n])
        const joined = await counts.join(names, 3).collect()
        return byKey(joined.map(([key, [count, square]]) => [key, count + square]))
      },
      answer: [0, 1, 2, 3, 4].map((key) => [key, RECORDS / 5 + key * key]),
    },
    { name: 'a persisted dataset', run: () => persisted.map((n) => n * 2).sum(), answer: 2 * sum(numbers) },
    {
      name: 'an accumulator',
      run: async () => {
        const odd = ctx.longAccumulator()
        const pairs = slowly(ctx).map(
          withEnv({ odd }, (n): [number, number] => {
            if (n % 2) odd.add(1)
            return [n % 3, 1]
          }),
        )
        const counted = byKey(await pairs.reduceByKey((a, b) => a + b, 2).collect())
        return { odd: odd.value, counted }
      },
      answer: {
        odd: RECORDS / 2,
        counted: [0, 1, 2].map((key) => [key, numbers.filter((n) => n % 3 === key).length]),
      },
    },
  ]
}

/** Runs a job, and kills a process after `afterMs` of it, unless `victim` is undefined. */
export async function killed(job: KilledJob, victim: Victim | undefined, afterMs: number, pick: number): Promise<Kill> {
  const done = new AbortController()
  const started = performance.now()
  const killing = victim && kill(victim, afterMs, pick, done.signal)
  const result = await job.run().finally(() => done.abort())
  const took = performance.now() - started
  const isRight = JSON.stringify(result) === JSON.stringify(job.answer)
  return { job: job.name, victim: await killing, ms: took, isRight }
}

async function kill(victim: Victim, afterMs: number, pick: number, done: AbortSignal): Promise<Kill['victim']> {
  try {
    await wait(afterMs, undefined, { signal: done })
  } catch {
    // The job was faster.
    return undefined
  }
  const below = processesBelow(process.pid)
  const all = below.filter(({ command }) => VICTIMS[victim].test(command))
  const chosen = all[Math.floor(pick * all.length)]
  if (!chosen) return undefined
  // An executor has a Node process from its first task on.
  const parents = new Set(
    below.filter(({ command }) => VICTIMS['a Node process'].test(command)).map(({ parent }) => parent),
  )
  const isOtherReady = all.some(({ pid }) => pid !== chosen.pid && parents.has(pid))
  try {
    process.kill(chosen.pid, 'SIGKILL')
    return victim === 'an executor' && !isOtherReady ? LAST_EXECUTOR : victim
  } catch (error) {
    // It ended between the two calls.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    throw error
  }
}

/** Median, 90th percentile and maximum of the ms of jobs, and how many took no longer than the mark, by victim. */
export function summary(kills: readonly Kill[]): Record<string, object> {
  const names = new Set(kills.map(({ victim }) => victim ?? 'none'))
  return Object.fromEntries(
    [...names].map((name) => {
      const group = kills.filter(({ victim }) => (victim ?? 'none') === name)
      const all = group.map(({ ms }) => ms).sort((a, b) => a - b)
      const at = (share: number) => Math.round(all[Math.min(all.length - 1, Math.floor(share * all.length))]!)
      const within = all.filter((ms) => ms <= MARK_MS).length
      return [name, { jobs: all.length, median: at(0.5), p90: at(0.9), max: at(1), [`within ${MARK_MS} ms`]: within }]
    }),
  )
}

/** The slowest jobs with a kill. */
export function slowest(kills: readonly Kill[]): readonly Kill[] {
  return kills
    .filter(({ victim }) => victim)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SHOWN)
}
