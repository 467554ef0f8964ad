import type { JobInfo, OperationsSample } from 'millrace'
import { expect, test } from 'vitest'
import { OperatorFigures } from '#build/ui/collect/operator-figures.js'

const sampleOf = (partition: number, recordsIn: number, tasks = 4, batchTime: number | undefined = 1000) => {
  const operations = [{ label: 'map#3', recordsIn, recordsOut: recordsIn * 2, ms: 1 }]
  return { batchTime, partition, tasks, operations } as unknown as OperationsSample
}

test('the figures of all tasks are those of the measured partitions, and as much for each other one', () => {
  const figures = new OperatorFigures()
  figures.sampled(sampleOf(0, 10))
  expect(figures.rows()).toEqual([{ stream: 3, sample: { time: 1000, recordsIn: 40, recordsOut: 80, ms: 4 } }])
  figures.sampled(sampleOf(1, 30))
  expect(figures.rows()[0]!.sample).toMatchObject({ recordsIn: 80 })
  figures.sampled(sampleOf(2, 0))
  figures.sampled(sampleOf(3, 0))
  figures.sampled(sampleOf(0, 20, 4, 3000))
  expect(figures.rows()[0]!.sample, 'all are known').toEqual({ time: 3000, recordsIn: 50, recordsOut: 100, ms: 4 })
  figures.sampled(sampleOf(0, 5, 2))
  expect(figures.rows()[0]!.sample, 'the number of tasks changed').toMatchObject({ recordsIn: 10 })
})

test('stages and samples of a stream are one row; other labels and jobs outside of batches have none', () => {
  const figures = new OperatorFigures()
  const stage = (label: string) => ({ label, records: 7, ms: 2 })
  const job = { batchTime: 2000, stages: [stage('map#3'), stage('join'), stage('map#99999999')] } as unknown as JobInfo
  figures.jobCompleted(job)
  figures.jobCompleted({ ...job, batchTime: undefined, stages: job.stages.map((one) => ({ ...one, records: 1 })) })
  figures.sampled(sampleOf(0, 10, 1))
  figures.sampled({ ...sampleOf(0, 50, 1), batchTime: undefined })
  expect(figures.rows()).toEqual([
    {
      stream: 3,
      stage: { time: 2000, records: 7, ms: 2 },
      sample: { time: 1000, recordsIn: 10, recordsOut: 20, ms: 1 },
    },
  ])
})
