import { StateError } from '../errors.js'

/** Returns the error for something that only the engine of threads has. */
export function unsupported(what: string): StateError {
  return new StateError(
    `${what} is not available on a Spark master. Run the program in threads of one process: leave out the option master.`,
    { operation: what },
  )
}
