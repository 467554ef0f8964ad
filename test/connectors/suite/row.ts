import type { DataSink, DStream, ErrorCode, StreamingContext, StreamingOptions } from 'millrace'
import type { RunProgram } from './example.js'

/** How often a record arrives after a fault. `neither`: records may be lost, and others repeated. */
export type Guarantee = 'exactly-once' | 'at-least-once' | 'at-most-once' | 'neither'

/** Why a check does not fit a connector. The suite prints it. */
export interface NotApplicable {
  readonly notApplicable: string
}

/** A server on loopback that the tests of a row share. */
export interface TestServer {
  /** Ends the server at once, as a crash does. */
  crash(): Promise<void>
  /** Starts it again, with the same data on the same port. */
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** What writes a stream: a sink for `writeTo`, or a call of an output operation. */
export type RowOutput = DataSink<never> | ((stream: DStream<never>) => void)

/**
 * A connector in the shared suite: `rows/<name>.ts` exports it as `row`, and `<name>.test.ts` runs it. A place is what one test
 * has for itself: a topic, a table, a folder. It is plain data, as it travels to processes that the suite kills.
 */
export interface ConnectorRow<S extends TestServer = TestServer> {
  /** The sub-path export, or the page in docs/connectors: 'kafka', 's3'. */
  readonly name: string
  /** The service of test/services/install.mjs; undefined if the connector needs none. */
  readonly service?: string
  start(): Promise<S>
  readonly sources: readonly SourceRow<S>[]
  readonly sinks: readonly SinkRow<S>[]
  /** The programs of the connector's page, by the number of their ts block from 0. */
  readonly programs: Readonly<Record<number, PageProgram<S>>>
}

/** Runs a program of a page against the server, and checks what comes of it. */
export type PageProgram<S> = (server: S, run: RunProgram) => Promise<void>

/** The guarantee that the connector's page states, by what dies. */
export interface StatedGuarantee {
  readonly threads: Guarantee
  /** With checkpoints, or with acknowledgements by the source. */
  readonly process: Guarantee
}

export interface SourceRow<S extends TestServer = TestServer, P extends object = object> {
  /** The function that creates it: 'kafkaSource'. Text after a comma distinguishes rows of one function. */
  readonly name: string
  readonly guarantee: StatedGuarantee
  /** Options of the context for a place, such as its file systems. */
  options?(place: P): Partial<StreamingOptions>
  /** A new, empty place. */
  create(server: S): Promise<P>
  /** Puts the numbers from `from` to `to` - 1 there; the system has them when it resolves. */
  send(server: S, place: P, from: number, to: number): Promise<void>
  /** A stream of everything in the place. A second context with the same checkpoints, or group, resumes. */
  open(ssc: StreamingContext, place: P): DStream<unknown>
  /** The number in a record; `Number` unless given. */
  serial?(record: unknown): number
  /** A stream that holds back data for which a slow pipeline has no room. */
  readonly slow: Slow<S, P> | NotApplicable
  readonly malformed: Malformed<S, P> | NotApplicable
  /** Why the server cannot be restarted in mid-stream. */
  readonly restart?: NotApplicable
  /** A service that dies while a worker reads a large answer, if the suite can break in there. */
  readonly midRead?: MidRead<S, P>
  /** Why a restarted process cannot resume: nothing is kept for it. */
  readonly resume?: NotApplicable
  readonly bad: BadInputs<S, (ssc: StreamingContext, server: S) => DStream<unknown>>
}

export interface Slow<S, P> {
  open(ssc: StreamingContext, place: P): DStream<unknown>
  /** Options of the context: a small buffer of receivers. */
  readonly options?: Partial<StreamingOptions>
  /** The most records of one batch. */
  readonly most: number
  /** The records that wait in the service, if it can be asked. */
  waiting?(server: S, place: P): Promise<number>
}

export interface MidRead<S, P> {
  /** Returns the place as a reader sees it whose service dies once, in its first large answer, and comes back. */
  breaking(server: S, place: P, patience: Patience): Promise<AsyncDisposable & { place: P; restarted: Promise<void> }>
}

/** Whether the client waits until the service is back, or fails the task at once, so that the output is tried again. */
export type Patience = 'waits' | 'fails'

export interface Malformed<S, P> {
  /** Puts a record there that the source cannot read. */
  send(server: S, place: P): Promise<void>
  open(ssc: StreamingContext, place: P): DStream<unknown>
  /** With `onRecordError: 'dead-letter'`, if the source has the option. `send` also sends the record 1. */
  rejecting?(ssc: StreamingContext, place: P): DStream<unknown>
  /** Texts of the error, or of the `receiverError` event if the source skips the record: where it is, what to do. */
  readonly says: readonly string[]
}

export interface SinkRow<S extends TestServer = TestServer, P extends object = object> {
  readonly name: string
  readonly guarantee: StatedGuarantee
  options?(place: P): Partial<StreamingOptions>
  create(server: S): Promise<P>
  open(place: P): RowOutput
  /** The record to write for a number. */
  record(n: number): unknown
  /** The numbers that are there. Waits up to some seconds until there are `count`. */
  read(server: S, place: P, count: number): Promise<number[]>
  /** A record that the sink cannot write, and texts of the error. */
  readonly malformed: { readonly record: unknown; readonly says: readonly string[] } | NotApplicable
  readonly restart?: NotApplicable
  readonly bad: BadInputs<S, (server: S) => RowOutput>
}

/** Part of every password, token and URL of bad input. No error, event or name may contain it. */
export const SECRET = 'hunter2-secret'

/** For connectors that repeat requests: longer than a loaded machine takes to restart a server. */
export const PATIENT = { retryTime: '8m' } as const

export const FAULTS = ['unreachable host', 'wrong place', 'refused credentials', 'wrong option'] as const

type BadInputs<S, Open> = Readonly<Record<(typeof FAULTS)[number], BadInput<S, Open> | NotApplicable>> & {
  readonly 'missing client': MissingClient<Open> | NotApplicable
}

export interface BadInput<S, Open> {
  readonly open: Open
  /** Options of the context. */
  options?(server: S): Partial<StreamingOptions>
  /** Without one, the source reports the fault as an event and continues. */
  readonly code?: ErrorCode
  /** Texts of the error: the name of the system or place, the given value, the remedy. */
  readonly says: readonly string[]
}

export interface MissingClient<Open> {
  /** Without a server, which it does not come to. */
  readonly open: Open
  /** The package, which the suite hides. */
  readonly client: string
  readonly says: readonly string[]
}

export function notApplicable(reason: string): NotApplicable {
  return { notApplicable: reason }
}

export function isApplicable<T extends object>(given: T | NotApplicable | undefined): given is T {
  return given !== undefined && !('notApplicable' in given)
}

/** Writes a stream as a row says. */
export function writeStream(stream: DStream<unknown>, output: RowOutput): void {
  if (typeof output === 'function') output(stream as DStream<never>)
  else stream.writeTo(output as DataSink)
}
