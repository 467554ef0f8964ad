import { TaskTimeoutError, type ThreadLossReason, ThreadLostError } from '../errors.js'

/** Why an executor lost a Node process during its task, as NodeLoss.java writes it. */
export interface ProcessLoss {
  readonly reason: Exclude<ThreadLossReason, 'uncaught' | 'boot' | 'closed'>
  /** The exit code, 128 and more after a signal; null if the process has not exited. */
  readonly code: number | null
}

const WORDS: Readonly<Record<ProcessLoss['reason'], string>> = {
  terminated:
    'a signal ended it again and again. Look for an out-of-memory killer, and raise spark.executor.memoryOverhead',
  exit: 'its code called process.exit. Do not end the process inside a task; throw an error instead',
  'out-of-memory':
    "its heap was full. Use more partitions, or set spark.executorEnv.NODE_OPTIONS to '--max-old-space-size=4096'",
  timeout:
    'its task made no progress for taskTimeout, so the executor killed it. Use more partitions or shorter calls, or raise taskTimeout',
  unreadable: 'it closed its connection in the middle of an answer',
}

/** Returns the error of a task whose process ended: as in threads, a ThreadLostError with the reason. */
export function processLost({ reason, code }: ProcessLoss): ThreadLostError {
  const exit = code === null ? 'it has not exited' : `exit code ${code}`
  const message = `The Node process of the task ended: ${WORDS[reason]} (${exit}).`
  const options = { details: { exitCode: code ?? undefined } }
  return reason === 'timeout' ? new TaskTimeoutError(message, options) : new ThreadLostError(reason, message, options)
}
