/*
 * If a thread ends while its ZeroMQ socket waits for a message, the process aborts, because the native client can no
 * longer reject the wait. So the socket must be closed before. When the process exits, the driver cannot await that
 * asynchronously, and blocks until the socket is closed.
 */
const ASKED = 0
const CLOSED = 1
/** The longest time that the exit of the process waits for a socket to close, in ms. */
const WAIT_MS = 1000

/** The driver side: requests that a thread closes its socket before it ends. */
export class ExitSignal {
  readonly shared = new SharedArrayBuffer(8)
  readonly #flags = new Int32Array(this.shared)

  /** Requests the close, and blocks until the socket is closed or `WAIT_MS` have passed. */
  close(): void {
    Atomics.store(this.#flags, ASKED, 1)
    Atomics.notify(this.#flags, ASKED)
    Atomics.wait(this.#flags, CLOSED, 0, WAIT_MS)
  }
}

/** The thread side: calls `close` when the driver requests it. A message to the thread's port would arrive too late. */
export function onExitSignal(shared: SharedArrayBuffer, close: () => void): void {
  const flags = new Int32Array(shared)
  const asked = Atomics.waitAsync(flags, ASKED, 0)
  void Promise.resolve(asked.value).then(() => {
    close()
    // The client rejects the wait in the next turn of the event loop.
    setImmediate(() => {
      Atomics.store(flags, CLOSED, 1)
      Atomics.notify(flags, CLOSED)
    })
  })
}
