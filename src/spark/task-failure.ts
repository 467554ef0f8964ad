import { deserialize } from 'node:v8'
import type { Job, TaskSpec } from '../engine/scheduler/task.js'
import { resultsTooLarge, taskFailed } from '../engine/scheduler/task-errors.js'
import { FileChangedError } from '../errors.js'
import { decodeError } from '../pool/error-wire.js'
import type { FailedRecord } from '../pool/protocol.js'
import { isFinal } from '../values/is-final.js'
import { JavaError } from './gateway.js'
import { type ProcessLoss, processLost } from './process-loss.js'
import type { TaskFailure } from './stage-input.js'
import type { Stage } from './stage-table.js'

/**
 * The text of a NodeTaskException, in base64: i32 RDD, i32 partition, i32 attempt from 0, u8 kind, then a serialized TaskFailure or the
 * JSON of a ProcessLoss.
 */
const REPORTED = /MILLRACE:([A-Za-z0-9+/=]+)/
const LOST = 1
/** Failures of the task. Attempts whose process was killed from outside do not count. */
const FAILURES = /failed (\d+) times/

/** All that a job of Spark reports when Spark has stopped its context. */
const STOPPED = /SparkContext (?:has been shutdown|was shut down)|stopped SparkContext/
const STOPPED_ADVICE =
  'Spark stops when no master answers, or when the cluster ends the application: check that the master runs at the URL `master`. The logger has the reason at level debug.'

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
  const times = Number(FAILURES.exec(text)?.[1] ?? 1)
  const spec = (partition: number, attempts: number, of = label): TaskSpec => ({
    job,
    stage: { id: 0, identity: 'result', tasks: 0, runTimes: [], startedAt: undefined },
    partition,
    label: of,
    attempts,
    resultBytes: 0,
    credited: false,
    plan: () => {
      throw error
    },
  })
  if (text.includes('spark.driver.maxResultSize')) return resultsTooLarge(spec(0, 1), maxResultBytes)
  const reported = REPORTED.exec(text)?.[1]
  if (reported === undefined) {
    const [first] = text.split('\n')
    const advice = STOPPED.test(text) ? `. ${STOPPED_ADVICE}` : ''
    return taskFailed(spec(0, times), `${label} failed in job ${job.id} on Spark: ${first}${advice}`, error)
  }
  const { rdd, partition, attempt, cause, operation, failedOn } = reportOf(Buffer.from(reported, 'base64'))
  // It names the file, and is no error of a function.
  if (cause instanceof FileChangedError) return cause
  const failed = spec(partition, attempt + 1, stageOf(rdd)?.label)
  const at = operation ?? failed.label
  const how = isFinal(cause) ? 'and a repetition cannot succeed' : `${times} times, lastly with`
  const message = `${at} failed in partition ${partition} of job ${job.id}, ${how}: ${cause.message}`
  return taskFailed(failed, message, cause, at, failedOn)
}

interface Report {
  readonly rdd: number
  readonly partition: number
  readonly attempt: number
  readonly cause: Error
  readonly operation?: string | undefined
  readonly failedOn?: FailedRecord | undefined
}

function reportOf(bytes: Buffer): Report {
  const [rdd, partition, attempt] = [bytes.readInt32BE(0), bytes.readInt32BE(4), bytes.readInt32BE(8)]
  const place = { rdd, partition, attempt }
  const rest = bytes.subarray(13)
  if (bytes[12] === LOST) return { ...place, cause: processLost(JSON.parse(rest.toString()) as ProcessLoss) }
  const { error, label, failedOn } = deserialize(rest) as TaskFailure
  return { ...place, cause: decodeError(error), operation: label, failedOn }
}
