import type { MessagePort } from 'node:worker_threads'
import type { WireError } from '../../pool/error-wire.js'
import type { EventName } from '../events.js'
import type { Logger } from '../logger.js'
import type { StopResult } from '../stop-result.js'

/**
 * Messages between the host and a driver in a thread of its own. All go through one port in each direction, so they
 * arrive in the order in which they were sent: whoever hears that a batch is complete has its output already.
 */

/** What the thread is started with. */
export interface DriverBoot {
  readonly url: string
  /** Options of the streaming context; what the host keeps (clock, logger, driver) is left out. */
  readonly options: Readonly<Record<string, unknown>>
  /** Where the host's manual clock stands; undefined: the driver goes by real time. */
  readonly manualClockAt: number | undefined
  readonly port: MessagePort
}

/** Calls with an answer. */
export interface DriverCalls {
  start(): Promise<void>
  stop(options: { readonly graceful: boolean; readonly timeout: number | undefined }): Promise<StopResult>
  awaitIdle(): Promise<void>
  /** Kills the worker thread in a slot, for tests. */
  terminateThread(slot: number): Promise<void>
  /** Moves the driver's manual clock. */
  advance(ms: number): Promise<void>
}

export type CallMessage = {
  readonly [N in keyof DriverCalls]: {
    readonly type: 'call'
    readonly id: number
    readonly name: N
    readonly args: Parameters<DriverCalls[N]>
  }
}[keyof DriverCalls]

export type ToDriver =
  | CallMessage
  /** Records for a pushStream, as `packRecords` makes them. */
  | { readonly type: 'push'; readonly name: string; readonly id: number; readonly records: Uint8Array }
  | { readonly type: 'endPush'; readonly name: string }
  /** The host's reader has taken one batch of an output. */
  | { readonly type: 'taken'; readonly output: string }
  /** Nothing more is asked: end the thread. */
  | { readonly type: 'close' }

export type ToHost =
  /** The graph is built. */
  | {
      readonly type: 'ready'
      readonly outputs: readonly string[]
      readonly pushStreams: readonly string[]
      readonly deadLetterLimit: number
    }
  /** The graph could not be built. */
  | { readonly type: 'refused'; readonly error: WireError }
  | { readonly type: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: WireError }
  /** The values of this push are taken, and there is room for more; or they were refused. */
  | { readonly type: 'pushed'; readonly name: string; readonly id: number; readonly error?: WireError }
  | { readonly type: 'output'; readonly name: string; readonly time: number; readonly records: Uint8Array }
  | { readonly type: 'event'; readonly name: EventName; readonly event: unknown }
  | { readonly type: 'log'; readonly level: keyof Logger; readonly message: string; readonly details?: unknown }
  | { readonly type: 'print'; readonly time: number; readonly lines: readonly string[] }
  /** The streams have ended, by stop() or by a failure. */
  | { readonly type: 'terminated'; readonly error?: WireError }
  /** The thread's code has called process.exit. */
  | { readonly type: 'exiting' }
