import { LEAVE_OUT, TaskTimeoutError, type ThreadLossReason, ThreadLostError } from '../errors.js'
import { messageOf } from '../values/message-of.js'
import { advice } from './pipeline-module.js'

/** The facts about a thread that ended, or did not exit in time after its termination. */
export interface LossFacts {
  readonly thread: number
  readonly slot: number
  /** The cause that was known before the exit, if any: an uncaught error, or a termination by the pool. */
  readonly exitCause?: ExitCause
  /** Whether the thread's code called process.exit. */
  readonly exiting: boolean
  /** Undefined if the thread has not exited. */
  readonly exitCode?: number
}

export interface ExitCause {
  readonly reason: ThreadLossReason
  readonly cause?: unknown
}

/** Returns the exit cause for an `error` event of a worker. */
export function faultCause(error: unknown): ExitCause {
  const outOfMemory = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  return { reason: outOfMemory ? 'out-of-memory' : 'uncaught', cause: error }
}

export function threadLoss(facts: LossFacts): ThreadLostError {
  const { thread, slot, exitCode } = facts
  const { reason, cause } = facts.exitCause ?? { reason: withoutExitCause(facts) }
  const where = slot >= 0 ? `Thread ${thread} (slot ${slot})` : `Thread ${thread}`
  const code = exitCode === undefined ? 'it has not exited yet' : `exit code ${exitCode}`
  const how = reason === 'uncaught' ? uncaught('task', cause) : `${WORDS[reason]} (${code})`
  const message = `${where} ended: ${how}.${isWithoutMain(cause) ? ` A bundler may have moved Millrace. ${LEAVE_OUT}` : ''}`
  const options = { cause, details: { thread, slot, exitCode } }
  return reason === 'timeout' ? new TaskTimeoutError(message, options) : new ThreadLostError(reason, message, options)
}

/**
 * Returns whether the main file of a thread is missing. Bundlers that preserve `import.meta.url` move the code away
 * from it.
 */
function isWithoutMain(cause: unknown): boolean {
  const { code, requireStack } = (cause ?? {}) as { code?: unknown; requireStack?: unknown }
  return code === 'MODULE_NOT_FOUND' && Array.isArray(requireStack) && requireStack.length === 0
}

/** Describes an uncaught error as the end of a thread. `unit`: the kind of code that the error was outside of. */
export function uncaught(unit: 'task' | 'output operation', cause: unknown): string {
  return `an error was thrown outside of any ${unit}, or a promise was rejected without a handler: ${messageOf(cause)}${advice(cause)}`
}

/**
 * Returns the reason of a loss whose cause was unknown before the exit. A termination has exit code 1, or 0 if the
 * thread had not started to run JavaScript. Any other code means that the thread called process.exit. Codes 0 and 1
 * mean that only if the thread announced it in its status words, as attached threads do.
 */
function withoutExitCause({ exiting, exitCode = 1 }: LossFacts): ThreadLossReason {
  return exiting || exitCode > 1 || exitCode < 0 ? 'exit' : 'terminated'
}

const WORDS: Readonly<Record<Exclude<ThreadLossReason, 'uncaught'>, string>> = {
  terminated: 'it was terminated. Its tasks can run again on another thread',
  exit: 'its code called process.exit. Do not end the process inside a task; throw an error instead',
  'out-of-memory': 'its heap was full. Use more partitions, or raise resourceLimits.maxOldGenerationSizeMb',
  timeout:
    'its task made no progress for taskTimeout, so the driver terminated it. Use more partitions or shorter calls, or raise taskTimeout',
  unreadable: 'the pool terminated it, because one of its answers cannot be read; see the cause',
  boot: 'it could not be set up; see the cause',
  closed: 'the pool was closed',
}
