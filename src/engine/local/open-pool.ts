import type { ThreadLossReason } from '../../errors.js'
import { ThreadLostError } from '../../errors.js'
import type { WorkerBoot } from '../../pool/protocol.js'
import { ThreadPool } from '../../pool/thread-pool.js'
import type { Logger } from '../logger.js'
import { memoryWarning } from '../memory-warning.js'
import type { ContextSettings } from '../options.js'
import type { ThreadChanges } from '../recovery/thread-changes.js'

/**
 * Starts the threads of an engine. Takes 50 to 100 ms plus the time of the pipeline module. Rejects when `signal`
 * aborts.
 */
export function openPool(
  options: ContextSettings,
  pipeline: WorkerBoot['pipeline'],
  stateSpill: WorkerBoot['stateSpill'],
  changes: ThreadChanges,
  signal: AbortSignal,
): Promise<ThreadPool> {
  const { threads, spare, codegen, faults, fileSystems, logger, resourceLimits, memoryLimit } = options
  const warning = memoryWarning({ ...resourceLimits, memoryLimit, threads: threads + (spare ? 1 : 0) })
  if (warning) logger.warn(warning)
  return ThreadPool.open({
    threads,
    spare,
    boot: { pipeline, codegen, fileSystems, faults, stateSpill },
    resourceLimits,
    signal,
    log: { warn: (message, cause) => reportBoot(logger, message, cause) },
    onThreadReady: (thread) => changes.onThreadReady(thread),
    onPromoted: (thread) => changes.onPromoted(thread),
    onThreadLost: (thread, loss) => changes.onThreadLost(thread, loss),
    onThreadGone: (thread) => changes.onThreadGone(thread),
    onStranded: (loss) => changes.onStranded(loss),
  })
}

/** The pool replaces threads that were killed from outside while they booted. Only other causes deserve a warning. */
function reportBoot(logger: Logger, message: string, cause: unknown): void {
  const reason: ThreadLossReason | undefined = cause instanceof ThreadLostError ? cause.reason : undefined
  if (reason === 'terminated') logger.debug(message, cause)
  else logger.warn(message, cause)
}
