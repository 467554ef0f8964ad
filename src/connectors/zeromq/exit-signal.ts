/*
 * A thread that ends while its ZeroMQ socket waits for a message aborts the process: the native client cannot reject the wait any
 * more. So the socket is closed first. At the exit of the process the driver cannot await that, and blocks for a moment.
 */
const ASKED = 0
const CLOSED = 1
/** The longest time that the exit of the process waits for a thread to close its socket. */
const WAIT_MS = 1000

/** The driver's half: closes the socket of a thread before the thread ends. */
export class ExitSignal {
  readonly shared = new SharedArrayBuffer(8)
  readonly #flags = new Int32Array(this.shared)

  /** Blocks until the thread has closed its socket, or `WAIT_MS` have passed. */
  close(): void {
    Atomics.store(this.#flags, ASKED, 1)
    Atomics.notify(this.#flags, ASKED)
    Atomics.wait(this.#flags, CLOSED, 0, WAIT_MS)
  }
}

/** The thread's half: calls `close` when the driver asks for it. Messages of the port come too late for that. */
export function onExitSignal(shared: SharedArrayBuffer, close: () => void): void {
  const flags = new Int32Array(shared)
  const asked = Atomics.waitAsync(flags, ASKED, 0)
  void Promise.resolve(asked.value).then(() => {
    close()
    // The client rejects the wait in the next turn.
    setImmediate(() => {
      Atomics.store(flags, CLOSED, 1)
      Atomics.notify(flags, CLOSED)
    })
  })
}
