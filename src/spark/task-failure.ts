import { deserialize } from 'node:v8'
import type { Job, TaskSpec } from '../engine/scheduler/task.js'
import { resultsTooLarge, taskFailed } from '../engine/scheduler/task-errors.js'
import { decodeError } from '../pool/error-wire.js'
import { JavaError } from './gateway.js'
import type { TaskFailure } from './stage-input.js'
import type { Stage } from './stages.js'

/** The text of a NodeTaskException: i32 RDD, i32 partition, then the serialized failure, in base 64. */
const FAILURE = /MILLRACE:([A-Za-z0-9+/=]+)/
const ATTEMPTS = /failed (\d+) times/

export interface FailedJob {
  readonly job: Job
  readonly label: string
  readonly maxResultBytes: number
  stageOf(rdd: number): Stage | undefined
}

/** Returns the error of a job that Spark reports as failed: that of the user's function, if a task failed of one. */
export function jobFailed(error: unknown, { job, label, maxResultBytes, stageOf }: FailedJob): unknown {
  if (!(error instanceof JavaError)) return error
  const text = error.message
  const spec = (partition: number, of = label): TaskSpec => ({
    job,
    stage: { id: 0, identity: 'result', tasks: 0, runTimes: [], startedAt: undefined },
    partition,
    label: of,
    attempts: Number(ATTEMPTS.exec(text)?.[1] ?? 1),
    resultBytes: 0,
    credited: false,
    plan: () => {
      throw error
    },
  })
  if (text.includes('spark.driver.maxResultSize')) return resultsTooLarge(spec(0), maxResultBytes)
  const reported = FAILURE.exec(text)?.[1]
  if (reported === undefined) {
    const [first] = text.split('\n')
    return taskFailed(spec(0), `${label} failed in job ${job.id} on Spark: ${first}`, error)
  }
  const bytes = Buffer.from(reported, 'base64')
  const failure = deserialize(bytes.subarray(8)) as TaskFailure
  const failed = spec(bytes.readInt32BE(4), stageOf(bytes.readInt32BE(0))?.label)
  const cause = decodeError(failure.error)
  const operation = failure.label ?? failed.label
  const where = `partition ${failed.partition} of job ${job.id}`
  const message = `${operation} failed in ${where}, ${failed.attempts} times, lastly with: ${cause.message}`
  return taskFailed(failed, message, cause, operation, failure.failedOn)
}
