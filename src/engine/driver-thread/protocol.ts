import type { MessagePort } from 'node:worker_threads'
import type { PushUntil } from '../../ops/source/push-until.js'
import type { WireError } from '../../pool/error-wire.js'
import type { EventName, NoticesDropped } from '../events/engine-events.js'
import type { OnDemandName } from '../events/event-names.js'
import type { Logger } from '../logger.js'
import type { Lineage } from '../status/lineage.js'
import type { StateOfKey, StreamsStatus } from '../status/streams-status.js'
import type { StartOptions } from '../streaming/start-options.js'
import type { StopResult } from '../streaming/stop-result.js'
import type { TableReader } from '../streaming/table-reader.js'

/**
 * Messages between the host and a driver thread. One port carries all of them, so they arrive in the order of sending:
 * a batch's outputs before the event of its completion.
 */

/** The data with which the thread starts. */
export interface DriverBoot {
  readonly url: string
  /** Options of the streaming context, without those that the host keeps (clock, logger, driver). */
  readonly options: Readonly<Record<string, unknown>>
  /** The time of the host's manual clock in ms; undefined: the driver uses real time. */
  readonly manualClockAt: number | undefined
  readonly port: MessagePort
}

/** Calls that the driver answers. */
export interface DriverCalls {
  start(options: StartOptions): Promise<void>
  stop(options: { readonly graceful: boolean; readonly timeout: number | undefined }): Promise<StopResult>
  awaitIdle(): Promise<void>
  /** Returns what the streams are and hold now. */
  status(): Promise<StreamsStatus>
  /** Terminates the worker thread in a slot, for tests. */
  terminateThread(slot: number): Promise<void>
  /** Returns the state of a key, for the page. */
  lookUpState(name: string, key: unknown): Promise<StateOfKey>
  /** Read the tables of the streams, for the page. */
  keepOutputs: TableReader['keep']
  listTables: TableReader['list']
  readTable: TableReader['read']
  queryTables: TableReader['query']
  /** Returns what a partition of a stream's newest dataset is computed from, for the page. */
  lineageOf(stream: number, partition: number): Promise<Lineage>
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
  /** Records for a pushStream, encoded by `packRecords`. */
  | {
      readonly type: 'push'
      readonly name: string
      readonly id: number
      readonly records: Uint8Array
      readonly until: PushUntil | undefined
    }
  | { readonly type: 'endPush'; readonly name: string }
  /** The host's reader has taken one batch of an output. */
  | { readonly type: 'taken'; readonly output: string }
  /** The host has read further `count` events, log messages and prints. */
  | { readonly type: 'read'; readonly count: number }
  /** The events with listeners in the host, among those that the driver creates only for a listener. */
  | { readonly type: 'observe'; readonly names: readonly OnDemandName[] }
  /** No call follows; the thread exits. */
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
  /** The driver has accepted the values of this push and has room for more, or they are as far as `until` says; or has refused them. */
  | { readonly type: 'pushed'; readonly name: string; readonly id: number; readonly error?: WireError }
  | { readonly type: 'output'; readonly name: string; readonly time: number; readonly records: Uint8Array }
  | { readonly type: 'event'; readonly name: EventName; readonly event: unknown }
  | { readonly type: 'log'; readonly level: keyof Logger; readonly message: string; readonly details?: unknown }
  | { readonly type: 'print'; readonly time: number; readonly lines: readonly string[] }
  /** So many events, log messages and prints were dropped, because the host had too many unread ones. */
  | { readonly type: 'dropped'; readonly dropped: NoticesDropped }
  /** The streams have stopped, by stop() or after a failure. */
  | { readonly type: 'terminated'; readonly error?: WireError }
  /** Code in the thread has called process.exit. */
  | { readonly type: 'exiting' }
