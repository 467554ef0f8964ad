import { expect, test } from 'vitest'
import { JobMeter } from '#build/engine/progress/job-meter.js'

const stageOf = (tasks: number) => new JobMeter().stage({ id: 1, label: 'map#2', kind: 'map', tasks })
const task = (partition: number, runMs: number) => ({
  ...{ partition, thread: 1, runMs, records: partition + 1, bytes: 10 * partition, attempts: partition === 3 ? 2 : 1 },
})

test('a stage has the sums and quartiles of its tasks', () => {
  const stage = stageOf(5)
  for (const [partition, runMs] of [9, 1, 100, 20, 3].entries()) stage.taskDone(task(partition, runMs))
  expect(stage.info()).toMatchObject({
    ...{ id: 1, label: 'map#2', kind: 'map', tasks: 5, finished: 5, extraAttempts: 1, records: 15, bytes: 100 },
    runMs: { min: 1, p25: 3, median: 9, p75: 20, max: 100 },
    taskRecords: { min: 1, p25: 2, median: 3, p75: 4, max: 5 },
    taskBytes: { min: 0, p25: 10, median: 20, p75: 30, max: 40 },
  })
  expect(stage.info().longestTasks.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4])
})

test.each([1, 2, 3, 4, 7, 16, 17, 100])('the quartiles of %i tasks are those by nearest rank', (tasks) => {
  const stage = stageOf(tasks)
  for (let i = 0; i < tasks; i++) stage.taskDone(task(i, ((i * 7919) % tasks) + 0.5))
  const at = (share: number) => Math.ceil(share * tasks) - 0.5
  const spread = { min: 0.5, p25: at(0.25), median: at(0.5), p75: at(0.75), max: tasks - 0.5 }
  expect(stage.info().runMs).toEqual(spread)
})

test('a stage without a finished task has no quartiles', () => {
  expect(stageOf(2).info()).toMatchObject({
    ...{ finished: 0, records: 0, runMs: undefined, taskRecords: undefined, taskBytes: undefined, longestTasks: [] },
  })
})

test('of many tasks the longest are listed', () => {
  const stage = stageOf(250)
  for (let i = 0; i < 250; i++) stage.taskDone(task(i, (i * 7) % 250))
  const listed = stage.info().longestTasks.map(({ runMs }) => runMs)
  expect(listed).toHaveLength(100)
  expect(Math.min(...listed)).toBe(150)
})
