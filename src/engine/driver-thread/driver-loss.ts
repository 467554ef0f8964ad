import { type ThreadLossReason, ThreadLostError } from '../../errors.js'
import { type ExitCause, uncaught } from '../../pool/loss.js'

/** The facts about a driver thread that exited unexpectedly. */
export interface DriverLossFacts {
  /** The uncaught error, if there was one. */
  readonly exitCause: ExitCause | undefined
  /** Whether code in the thread called process.exit. */
  readonly exiting: boolean
  readonly exitCode: number
}

/** Returns the error for a lost driver. Its worker threads and all data of its streams are lost too. */
export function driverLoss({ exitCause, exiting, exitCode }: DriverLossFacts): ThreadLostError {
  const reason = exitCause?.reason ?? (exiting ? 'exit' : 'terminated')
  const how =
    reason === 'uncaught'
      ? uncaught('output operation', exitCause?.cause)
      : `${WORDS[reason] ?? reason} (exit code ${exitCode})`
  return new ThreadLostError(
    reason,
    `The driver thread ended: ${how}. Its streams are lost; open the pipeline again.`,
    { cause: exitCause?.cause, details: { exitCode } },
  )
}

const WORDS: Readonly<Partial<Record<ThreadLossReason, string>>> = {
  terminated: 'it was terminated from outside',
  exit: 'code in it called process.exit. Throw an error instead',
  'out-of-memory': 'its heap was full. Collect less, or start node with a larger --max-old-space-size',
}
