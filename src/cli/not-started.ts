/** The module or its graph is at fault, and nothing has been run: `cause` is the error that says why. */
export class NotStartedError extends Error {
  constructor(cause: unknown) {
    super('The pipeline was not started.', { cause })
  }
}
