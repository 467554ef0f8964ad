import { ArgumentError } from '../../errors.js'
import { checkNames } from '../../ops/option-names.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { describe } from '../../values/describe.js'

/** Retries of a failed output operation, for the same batch and with the same dataset. */
export interface OutputRetryOptions {
  /** Attempts of an output operation in a batch, including the first (1 to 1,000). */
  readonly attempts: number
  /** Pause before the second attempt ('100ms'). It doubles before each further attempt. */
  readonly delay?: Duration
  /** The longest pause ('10s'). */
  readonly maxDelay?: Duration
}

export interface OutputRetries {
  readonly attempts: number
  readonly delay: number
  readonly maxDelay: number
}

/** Returns the checked options; without any, one attempt. @throws ArgumentError for an invalid option. */
export function checkOutputRetries(given: OutputRetryOptions | undefined): OutputRetries {
  if (given === undefined) return { attempts: 1, delay: 0, maxDelay: 0 }
  if (typeof given !== 'object' || given === null) {
    throw new ArgumentError(
      `outputRetries is ${describe(given)}; it must be an object such as { attempts: 5, delay: '100ms', maxDelay: '10s' }.`,
    )
  }
  checkNames(given, ['attempts', 'delay', 'maxDelay'], 'outputRetries')
  const { attempts, delay = '100ms', maxDelay = '10s' } = given
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > 1000) {
    throw new ArgumentError(
      `outputRetries: attempts is ${describe(attempts)}; it must be a whole number from 1 to 1000.`,
      { attempts },
    )
  }
  const longest = toMillis(maxDelay, 'outputRetries: maxDelay')
  return { attempts, delay: Math.min(toMillis(delay, 'outputRetries: delay'), longest), maxDelay: longest }
}

/** Returns the pause in ms after a failed attempt. Attempts count from 1. */
export function pauseAfter(attempt: number, { delay, maxDelay }: OutputRetries): number {
  return Math.min(maxDelay, delay * 2 ** (attempt - 1))
}
