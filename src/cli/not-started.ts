/** The run could not start, because of the module or its graph. `cause` is the error. */
export class NotStartedError extends Error {
  constructor(cause: unknown) {
    super('The pipeline was not started.', { cause })
  }
}
