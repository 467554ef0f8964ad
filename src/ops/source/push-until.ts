import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { checkNames } from '../option-names.js'

/**
 * How far pushed records must be before the promise of `push` resolves.
 *
 * - `'accepted'`: the stream has them and has room for more. They survive the death of any thread.
 * - `'logged'`: the write-ahead log has them on disk. They also survive the process. Takes milliseconds; needs `writeAheadLog`.
 * - `'processed'`: their batch is complete, with all outputs, and with checkpoints one contains it.
 */
export type PushUntil = 'accepted' | 'logged' | 'processed'

/** The option of a push that waits. */
export interface PushWait {
  readonly until: PushUntil
}

const UNTIL: readonly unknown[] = ['accepted', 'logged', 'processed']

/** Returns the checked option; undefined if there is none. @throws ArgumentError */
export function checkWait(given: PushWait | undefined, what: string): PushUntil | undefined {
  if (given === undefined) return undefined
  checkNames(given, ['until'], what)
  const { until } = given
  if (UNTIL.includes(until)) return until
  throw new ArgumentError(
    `${what}: until is ${describe(until)}; it must be 'accepted', 'logged' or 'processed'. To push such a record, use pushAll([...]).`,
    { until },
  )
}

/**
 * Divides the arguments of `push`: a value and the option, or values only. An object with `until` and nothing else, after exactly one
 * value, is the option.
 */
export function splitPush<T>(args: readonly unknown[]): {
  readonly values: T[]
  readonly until: PushUntil | undefined
} {
  const [value, last] = args
  if (args.length !== 2 || !isWait(last)) return { values: args as T[], until: undefined }
  return { values: [value as T], until: checkWait(last, 'push') }
}

function isWait(value: unknown): value is PushWait {
  if (typeof value !== 'object' || value === null) return false
  try {
    const names = Object.keys(value)
    return names.length === 1 && names[0] === 'until' && typeof (value as PushWait).until === 'string'
  } catch {
    // A record that no one can read, such as a revoked Proxy, is refused as such.
    return false
  }
}
