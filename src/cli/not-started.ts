import { ArgumentError, GraphError } from '../errors.js'

/** The run could not start, because of the module or its graph. `cause` is the error. */
export class NotStartedError extends Error {
  constructor(cause: unknown) {
    super('The pipeline was not started.', { cause })
  }
}

/** Throws the error of `start()`: as NotStartedError if the program itself is wrong. */
export function rejectStart(error: unknown): never {
  throw error instanceof GraphError || error instanceof ArgumentError ? new NotStartedError(error) : error
}
