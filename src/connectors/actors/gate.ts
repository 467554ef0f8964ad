import type { Endpoint } from 'comlink'
import type { Inbox } from './inbox.js'

/** The object that Comlink exposes to a sender. */
export interface Mailbox {
  /** Stores values in the order of the calls. Resolves when they are stored, or processed: see `ackAfter`. */
  store(values: readonly unknown[]): Promise<void>
}

type Listener = (event: { readonly data: unknown }) => void

/**
 * A Comlink endpoint that passes on calls of `store` only. Comlink itself resolves any property path in a message, and
 * assigns to or constructs what it finds, so a sender on the network could run code in this process.
 */
export class Gate implements Endpoint {
  readonly #post: (message: unknown) => void
  readonly #refused: (why: string) => void
  #listener: Listener | undefined

  constructor(post: (message: unknown) => void, refused: (why: string) => void) {
    this.#post = post
    this.#refused = refused
  }

  postMessage(message: unknown): void {
    this.#post(message)
  }

  addEventListener(_type: string, listener: unknown): void {
    this.#listener = listener as Listener
  }

  removeEventListener(): void {
    this.#listener = undefined
  }

  /** Handles a message from the sender. */
  take(message: unknown): void {
    const call = callOf(message)
    if (call) this.#listener?.({ data: call })
    else this.#refused('a message is no call of send')
  }
}

/** Returns a new message if the message is a valid call of `store` or a release, and undefined otherwise. */
function callOf(message: unknown): object | undefined {
  const { id, type, path, argumentList } = (message ?? {}) as Readonly<Record<string, unknown>>
  if (typeof id !== 'string' || id.length > 100) return undefined
  if (type === 'RELEASE') return { id, type }
  const [argument, ...rest] = Array.isArray(argumentList) ? (argumentList as readonly unknown[]) : []
  const { type: form, value } = (argument ?? {}) as Readonly<Record<string, unknown>>
  const isStore = type === 'APPLY' && Array.isArray(path) && path.length === 1 && path[0] === 'store'
  if (!isStore || rest.length > 0 || form !== 'RAW' || !Array.isArray(value)) return undefined
  return { id, type, path: ['store'], argumentList: [{ type: 'RAW', value }] }
}

/**
 * Creates the mailbox of one sender. If the sender disconnects while its call waits for room, the call is dropped,
 * since the sender gets no answer and sends the values again.
 */
export function mailboxOf(inbox: Inbox, isOpen: () => boolean): Mailbox {
  let turn: Promise<unknown> = Promise.resolve()
  return {
    store: async (values) => {
      const mine = turn.then(() => inbox.room())
      turn = mine
      if (!(await mine) || !isOpen()) throw new Error('The stream has stopped. Send the value again to its successor.')
      await inbox.store(values)
    },
  }
}
