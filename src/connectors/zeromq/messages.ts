import type { SocketSettings } from './options.js'

/** A frame on its way between threads. */
export type Piece = string | Uint8Array

/** From the thread that has the socket. */
export type FromSocket =
  | { readonly kind: 'ready' }
  /** The socket cannot be opened, or broke. */
  | { readonly kind: 'failed'; readonly message: string; readonly isMissing: boolean }
  | { readonly kind: 'note'; readonly message: string }
  | { readonly kind: 'records'; readonly records: readonly unknown[] }
  /** An answer to `send`. */
  | { readonly kind: 'sent'; readonly error?: string }

/** To the thread that has the socket. */
export type ToSocket =
  /** The driver has room for one more chunk of records. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'send'; readonly messages: readonly (readonly Piece[])[] }
  | { readonly kind: 'stop' }

/** Chunks of records that may be on their way to the driver. */
export const MOST_ON_THE_WAY = 4

/** The data that a socket's thread starts with. */
export interface SocketThreadData {
  readonly settings: SocketSettings
  /** Of the thread's ExitSignal. */
  readonly exit: SharedArrayBuffer
}
