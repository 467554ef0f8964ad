import { ArgumentError } from '../../errors.js'
import { checkNames } from '../../ops/option-names.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { describe } from '../../values/describe.js'

/** Options of the write-ahead log: when its files end, and how long data may wait for it. */
export interface WriteAheadLogOptions {
  /** Time by the context's clock after which a file of the log ends and the next begins (`'60s'`). */
  readonly rollingInterval?: Duration
  /** Bytes after which a file of the log ends (64 MiB). */
  readonly maxBytes?: number
  /** Whether a file ends with each group of records that are written together (false). */
  readonly closeAfterWrite?: boolean
  /** Longest time that received data without a receipt waits before it is written, by real time (`'100ms'`). */
  readonly flushInterval?: Duration
}

export interface CheckedLogOptions {
  readonly rollingInterval: number
  readonly maxBytes: number
  readonly closeAfterWrite: boolean
  readonly flushInterval: number
}

const NAMES = ['rollingInterval', 'maxBytes', 'closeAfterWrite', 'flushInterval'] as const
const MIN_BYTES = 1024

/** Returns the checked options; undefined if there is no log. @throws ArgumentError */
export function checkWriteAheadLog(given: boolean | WriteAheadLogOptions | undefined): CheckedLogOptions | undefined {
  if (given === undefined || given === false) return undefined
  if (given !== true && (typeof given !== 'object' || given === null)) {
    throw new ArgumentError(
      `writeAheadLog is ${describe(given)}; it must be true, false or an object such as { rollingInterval: '60s' }.`,
    )
  }
  const options = given === true ? {} : given
  checkNames(options, NAMES, 'writeAheadLog')
  const { rollingInterval = '60s', maxBytes = 64 * 1024 * 1024, closeAfterWrite = false, flushInterval = 100 } = options
  if (!Number.isSafeInteger(maxBytes) || maxBytes < MIN_BYTES) {
    throw new ArgumentError(
      `writeAheadLog: maxBytes is ${describe(maxBytes)}; it must be a whole number of bytes of at least ${MIN_BYTES}.`,
      { maxBytes },
    )
  }
  if (typeof closeAfterWrite !== 'boolean') {
    throw new ArgumentError(`writeAheadLog: closeAfterWrite is ${describe(closeAfterWrite)}; it must be true or false.`)
  }
  return {
    rollingInterval: toMillis(rollingInterval, 'writeAheadLog: rollingInterval'),
    maxBytes,
    closeAfterWrite,
    flushInterval: toMillis(flushInterval, 'writeAheadLog: flushInterval'),
  }
}
