import * as Comlink from 'comlink'
import { BufferFullError, SourceError } from '../../errors.js'
import type { Mailbox } from './gate.js'
import { decode, encode } from './wire.js'

/** The most values in one call. */
const MOST_A_CALL = 1024
/** The most calls in flight. */
const MOST_CALLS = 8
/** The most values that wait for a call. */
const MOST_WAITING = 65_536

/** A MessagePort of Node or of a browser. Only the members that distinguish it are declared. */
export interface ActorPort {
  postMessage(message: unknown): void
  start(): void
  close(): void
}

/** A WebSocket of a browser, of Node, or of the package `ws`. Only the members that distinguish it are declared. */
export interface ActorSocket {
  readonly readyState: number
  readonly bufferedAmount: number
  close(): void
}

/** `reason`: why a WebSocket was closed, if the source sent a reason. */
interface TargetEvent {
  readonly data: ArrayBuffer
  readonly reason?: string
}

/** The members that ports and sockets share. */
interface Target {
  addEventListener(type: string, listener: (event: TargetEvent) => void): void
}

type OpenSocket = ActorSocket & Target & { binaryType: string; send(bytes: Uint8Array): void }

interface Waiting<T> {
  readonly value: T
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Sends values to an `actorSource`. */
export class Actor<T> {
  readonly #mailbox: Comlink.Remote<Mailbox>
  readonly #close: () => void
  #waiting: Waiting<T>[] = []
  readonly #calls = new Set<readonly Waiting<T>[]>()
  #isScheduled = false
  #end: Error | undefined

  /** @internal Use `connectActor`. */
  constructor(
    endpoint: Comlink.Endpoint,
    close: () => void,
    onClose: (closed: (event: { readonly reason?: string }) => void) => void,
  ) {
    this.#mailbox = Comlink.wrap<Mailbox>(endpoint)
    this.#close = close
    onClose(({ reason }) =>
      this.#ended(reason ? `The connection was closed: ${reason}` : 'The connection of the actor was closed.'),
    )
  }

  /**
   * Sends a value. Resolves when the stream has stored it, or with `ackAfter: 'processed'` has processed it. Await each
   * promise to send no faster than the stream can read. Values of one actor arrive in order.
   *
   * @throws BufferFullError when 65,536 values wait. SourceError when the connection is closed: the value may or may
   * not have arrived.
   */
  send(value: T): Promise<void> {
    if (this.#end) return Promise.reject(this.#end)
    if (this.#waiting.length >= MOST_WAITING) {
      const message = `The actor holds ${MOST_WAITING} values that the stream has no room for. Wait for the promises that send() returns.`
      return Promise.reject(new BufferFullError(message, { waiting: MOST_WAITING }))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ value, resolve, reject })
      if (this.#isScheduled) return
      this.#isScheduled = true
      // One call carries all values that were sent in one turn of the event loop.
      queueMicrotask(() => {
        this.#isScheduled = false
        this.#pump()
      })
    })
  }

  /** Closes the connection, and rejects all values that were not acknowledged. */
  close(): void {
    this.#ended('The actor was closed.')
    this.#close()
  }

  #pump(): void {
    while (this.#calls.size < MOST_CALLS && this.#waiting.length > 0 && !this.#end)
      void this.#call(this.#waiting.splice(0, MOST_A_CALL))
  }

  async #call(values: readonly Waiting<T>[]): Promise<void> {
    this.#calls.add(values)
    try {
      await this.#mailbox.store(values.map(({ value }) => value))
      for (const { resolve } of values) resolve()
    } catch (error) {
      // The call failed as a whole: each value gets a call of its own, so that only values that cannot be cloned fail.
      const isBadValue = (error as Error).name === 'DataCloneError'
      if (isBadValue && values.length > 1) await Promise.all(values.map((value) => this.#call([value])))
      else for (const { reject } of values) reject(error)
    } finally {
      this.#calls.delete(values)
      this.#pump()
    }
  }

  #ended(message: string): void {
    if (this.#end) return
    this.#end = new SourceError(
      `${message} Values without an answer may have arrived or not: send them again over a new one.`,
    )
    for (const values of [...this.#calls, this.#waiting]) for (const { reject } of values) reject(this.#end)
    this.#calls.clear()
    this.#waiting = []
  }
}

/**
 * Connects an actor to an `actorSource`, over a MessagePort that the source's `port()` returned, or over a WebSocket.
 */
export function connectActor<T = unknown>(to: ActorPort | ActorSocket): Actor<T> {
  const target = to as unknown as Target
  const onClose = (closed: (event: TargetEvent) => void) => target.addEventListener('close', closed)
  if ('postMessage' in to) return new Actor<T>(to as unknown as Comlink.Endpoint, () => to.close(), onClose)
  // A 'close' event follows. Without a listener, the package `ws` would throw the error.
  target.addEventListener('error', () => undefined)
  return new Actor<T>(socketEndpoint(to as OpenSocket), () => to.close(), onClose)
}

/** Returns an endpoint that buffers messages until the socket is open. */
function socketEndpoint(socket: OpenSocket): Comlink.Endpoint {
  socket.binaryType = 'arraybuffer'
  let early: Uint8Array[] | undefined = socket.readyState === 0 ? [] : undefined
  socket.addEventListener('open', () => {
    for (const bytes of early ?? []) socket.send(bytes)
    early = undefined
  })
  return {
    postMessage: (message: unknown) => {
      const bytes = encode(message)
      if (early) early.push(bytes)
      else socket.send(bytes)
    },
    addEventListener: (_type: string, listener: unknown) => {
      const take = listener as (event: { data: unknown }) => void
      socket.addEventListener('message', ({ data }) => take({ data: decode(new Uint8Array(data)) }))
    },
    removeEventListener: () => undefined,
  }
}
