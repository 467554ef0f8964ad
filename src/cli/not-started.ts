/** The module or its graph is at fault and nothing has run; `cause` is the error. */
export class NotStartedError extends Error {
  constructor(cause: unknown) {
    super('The pipeline was not started.', { cause })
  }
}
