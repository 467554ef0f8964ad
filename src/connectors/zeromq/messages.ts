import type { SocketSettings } from './options.js'

/** A frame, as threads send it to each other. */
export type Piece = string | Uint8Array

/** A message from the thread with the socket. */
export type FromSocket =
  | { readonly kind: 'ready' }
  /** The socket cannot be opened, or broke. */
  | { readonly kind: 'failed'; readonly message: string; readonly isMissing: boolean }
  | { readonly kind: 'note'; readonly message: string }
  | { readonly kind: 'records'; readonly records: readonly unknown[] }
  /** The result of `send`. */
  | { readonly kind: 'sent'; readonly error?: string }

/** A message to the thread with the socket. */
export type ToSocket =
  /** The driver has stored a chunk, so the thread may send another. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'send'; readonly messages: readonly (readonly Piece[])[] }
  | { readonly kind: 'stop' }

/** The most chunks of records in flight to the driver. */
export const MOST_ON_THE_WAY = 4

/** The `workerData` of a socket's thread. */
export interface SocketThreadData {
  readonly settings: SocketSettings
  /** The shared memory of the thread's ExitSignal. */
  readonly exit: SharedArrayBuffer
}
