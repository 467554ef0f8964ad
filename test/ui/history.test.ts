import type { BatchInfo, JobInfo, StageInfo } from 'millrace'
import { expect, test } from 'vitest'
import { BatchHistory } from '#build/ui/collect/batch-history.js'

const spread = { min: 1, p25: 2, median: 3, p75: 4, max: 5 }

function batchAt(time: number, outputs: number, error?: Error): BatchInfo {
  const of = (id: number) => ({ id, label: `output ${id}`, startedAt: time, endedAt: time + 1, error })
  return {
    time,
    submittedAt: time,
    startedAt: time,
    endedAt: time + 1,
    schedulingDelay: 0,
    processingDelay: 1,
    totalDelay: 1,
    records: 100,
    inputs: [0, 1].map((stream) => ({ stream, name: `source ${stream}`, records: 50, bytes: 5000 })),
    outputs: Array.from({ length: outputs }, (_, id) => of(id)),
  }
}

function jobOf(time: number, id: number, stages: number, tasks = 4): JobInfo {
  const stage = (n: number): StageInfo => ({
    ...{ id: n, label: `reduceByKey#${n}`, kind: 'map', tasks: 4, finished: 4, extraAttempts: 0 },
    ...{ startedAfter: 0, ms: 1, records: 1, bytes: 1, runMs: { ...spread }, taskRecords: { ...spread } },
    taskBytes: { ...spread },
    longestTasks: Array.from({ length: tasks }, (_, partition) => ({
      ...{ partition, thread: 1, runMs: 1, records: 1, bytes: 1, attempts: 1 },
    })),
  })
  const all = Array.from({ length: stages }, (_, n) => stage(n))
  return { id, batchTime: time, output: 0, label: `job ${id}`, ms: 1, stages: all }
}

function fill(history: BatchHistory, from: number, to: number, jobs: number, stages: number, outputs = 3): void {
  for (let time = from; time < to; time++) {
    const batch = batchAt(time, outputs)
    history.submitted({ ...batch, outputs: [] })
    history.started({ ...batch, outputs: [] })
    for (let job = 0; job < jobs; job++) history.jobCompleted(jobOf(time, job, stages))
    history.completed(batch)
  }
}

test('1,000 batches are kept, with their jobs', () => {
  const history = new BatchHistory()
  fill(history, 1, 1011, 3, 3)
  const rows = history.since(0)
  expect(rows).toHaveLength(1000)
  expect([rows[0]!.time, rows.at(-1)!.time]).toEqual([11, 1010])
  expect(history.details(10)).toBeUndefined()
  expect(history.details(11)).toMatchObject({ status: 'completed', jobsOmitted: 0 })
  expect(history.details(11)!.jobs).toHaveLength(3)
})

test('a reader gets the batches that have changed since its last read', () => {
  const history = new BatchHistory()
  fill(history, 1, 4, 0, 0)
  const { revision } = history
  expect(history.since(revision)).toEqual([])
  history.submitted(batchAt(4, 0))
  history.completed(batchAt(2, 1, new Error('late')))
  expect(history.since(revision).map(({ time, status }) => [time, status])).toEqual([
    [2, 'failed'],
    [4, 'waiting'],
  ])
})

test('jobs without bound cost the oldest batches their jobs, not memory', () => {
  const history = new BatchHistory()
  fill(history, 1, 301, 20, 10)
  const kept = history.since(0).map(({ time }) => history.details(time)!)
  expect(kept.reduce((sum, { jobs }) => sum + jobs.length, 0)).toBeLessThanOrEqual(2000)
  expect(kept[0]).toMatchObject({ jobs: [], jobsOmitted: 20 })
  expect(kept.at(-1)!.jobs).toHaveLength(20)
  history.jobCompleted(jobOf(300, 99, 5000))
  expect(history.details(300)!.jobsOmitted).toBe(1)
  history.jobCompleted(jobOf(5, 1, 1))
  expect(history.details(5)!.jobs).toHaveLength(1)
})

test('an error is kept as text of bounded length, with its causes', () => {
  const history = new BatchHistory()
  const error = new Error('m'.repeat(100_000), { cause: new Error('the cause') })
  history.completed(batchAt(1, 1, error))
  const { message, stack } = history.details(1)!.outputs[0]!.error!
  expect(message).toHaveLength(2001)
  expect(stack.length).toBeLessThanOrEqual(8001)
  history.completed(batchAt(2, 1, new Error('short', { cause: new Error('the cause') })))
  expect(history.details(2)!.outputs[0]!.error!.stack).toContain('caused by Error: the cause')
})

test('tasks without bound cost the oldest batches their rows of tasks, not their stages', () => {
  const history = new BatchHistory()
  const rowsOf = (time: number) =>
    history.details(time)!.jobs.flatMap(({ stages }) => stages.map((s) => s.longestTasks.length))
  for (let time = 1; time <= 250; time++) {
    history.submitted(batchAt(time, 0))
    history.jobCompleted(jobOf(time, 1, 1, 100))
    history.completed(batchAt(time, 1))
  }
  const tasks = Array.from({ length: 250 }, (_, i) => rowsOf(i + 1)[0]!)
  const dropped = tasks.lastIndexOf(0) + 1
  expect(dropped).toBeGreaterThanOrEqual(50)
  expect(dropped).toBeLessThanOrEqual(70)
  expect(new Set(tasks.slice(dropped)), 'of the newest batches').toEqual(new Set([100]))
  expect(history.details(50)!.jobs[0]!.stages[0]).toMatchObject({ tasks: 4, runMs: spread })
})

test('batches that never complete take no room from those that do', () => {
  const history = new BatchHistory()
  for (let time = 1; time <= 30_000; time++) {
    history.submitted(batchAt(time, 0))
    history.jobCompleted(jobOf(time, 1, 1))
  }
  history.completed(batchAt(30_000, 1))
  expect(history.details(30_000)!.jobs).toHaveLength(1)
})
