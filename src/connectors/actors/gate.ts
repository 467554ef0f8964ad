import type { Endpoint } from 'comlink'
import type { Inbox } from './inbox.js'

/** The face that Comlink exposes to a sender. */
export interface Mailbox {
  /** Stores values, in the order of the calls. Resolves when they are safe. */
  store(values: readonly unknown[]): Promise<void>
}

type Listener = (event: { readonly data: unknown }) => void

/**
 * An endpoint for Comlink that passes calls of `store` and nothing else. Comlink itself follows any path of properties
 * in a message, and assigns and constructs what it finds. Over a network, senders could run code in this process that
 * way.
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

  /** A message from the sender. */
  take(message: unknown): void {
    const call = callOf(message)
    if (call) this.#listener?.({ data: call })
    else this.#refused('a message is no call of send')
  }
}

/** A clean copy of a call of `store`. */
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
 * The mailbox of one sender. A sender that disconnects while its call waits for room gets no answer, so nothing is
 * stored.
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
