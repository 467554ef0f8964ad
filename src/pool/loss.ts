import { type ThreadLossReason, ThreadLostError } from '../errors.js'
import { messageOf } from '../values/message-of.js'
import { advice } from './pipeline-module.js'

/** What is known about a thread that ended or was given up. */
export interface LossFacts {
  readonly thread: number
  readonly slot: number
  /** What settled the thread's fate before it exited, if anything did: an uncaught error, or the pool. */
  readonly verdict?: Verdict
  /** Whether the thread's code called process.exit. */
  readonly exiting: boolean
  /** Undefined when the thread was given up before it exited. */
  readonly exitCode?: number
}

export interface Verdict {
  readonly reason: ThreadLossReason
  readonly cause?: unknown
}

/** What an `error` event of a worker means. */
export function faultVerdict(error: unknown): Verdict {
  const outOfMemory = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  return { reason: outOfMemory ? 'out-of-memory' : 'uncaught', cause: error }
}

export function threadLoss(facts: LossFacts): ThreadLostError {
  const { thread, slot, exitCode } = facts
  const { reason, cause } = facts.verdict ?? { reason: withoutVerdict(facts) }
  const where = slot >= 0 ? `Thread ${thread} (slot ${slot})` : `Thread ${thread}`
  const code = exitCode === undefined ? 'it has not exited yet' : `exit code ${exitCode}`
  const how = reason === 'uncaught' ? uncaught('task', cause) : `${WORDS[reason]} (${code})`
  return new ThreadLostError(reason, `${where} ended: ${how}.`, {
    cause,
    details: { thread, slot, exitCode },
  })
}

/** What ended a thread: the exit code would say nothing more. `unit`: what the error was outside of. */
export function uncaught(unit: 'task' | 'output operation', cause: unknown): string {
  return `an error was thrown outside of any ${unit}, or a promise was rejected and nobody handled it: ${messageOf(cause)}${advice(cause)}`
}

/**
 * A termination gives exit code 1, or 0 where the thread had not begun to run JavaScript. So other codes are an exit of
 * the thread's own; 0 and 1 are one only if it said so, which it does from its attach on.
 */
function withoutVerdict({ exiting, exitCode = 1 }: LossFacts): ThreadLossReason {
  return exiting || exitCode > 1 || exitCode < 0 ? 'exit' : 'terminated'
}

const WORDS: Readonly<Record<Exclude<ThreadLossReason, 'uncaught'>, string>> = {
  terminated: 'it was terminated. Its tasks can run again on another thread',
  exit: 'its code called process.exit. Do not end the process inside a task; throw an error instead',
  'out-of-memory': 'its heap was full. Use more partitions, or raise resourceLimits.maxOldGenerationSizeMb',
  timeout: 'it made no progress for too long and was terminated',
  unreadable: 'it sent an answer that cannot be read, and was terminated; see the cause',
  boot: 'it could not be set up; see the cause',
  closed: 'the pool was closed',
}
