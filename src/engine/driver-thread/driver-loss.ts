import { type ThreadLossReason, ThreadLostError } from '../../errors.js'
import { uncaught, type Verdict } from '../../pool/loss.js'

/** What is known about a driver thread that ended without being asked to. */
export interface DriverLossFacts {
  /** An uncaught error, where there was one. */
  readonly verdict: Verdict | undefined
  /** Whether the thread's code called process.exit. */
  readonly exiting: boolean
  readonly exitCode: number
}

/** Why the driver is gone. With it go its worker threads and all data of its streams. */
export function driverLoss({ verdict, exiting, exitCode }: DriverLossFacts): ThreadLostError {
  const reason = verdict?.reason ?? (exiting ? 'exit' : 'terminated')
  const how =
    reason === 'uncaught'
      ? uncaught('output operation', verdict?.cause)
      : `${WORDS[reason] ?? reason} (exit code ${exitCode})`
  return new ThreadLostError(
    reason,
    `The driver thread ended: ${how}. Its streams are lost; open the pipeline again.`,
    { cause: verdict?.cause, details: { exitCode } },
  )
}

const WORDS: Readonly<Partial<Record<ThreadLossReason, string>>> = {
  terminated: 'it was terminated from outside',
  exit: 'code in it called process.exit. Throw an error instead',
  'out-of-memory': 'its heap was full. Collect less, or start node with a larger --max-old-space-size',
}
