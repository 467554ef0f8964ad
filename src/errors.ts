/*
 * Every error that Millrace throws. Each class has one stable `code`. The message states the value, the allowed values
 * and the remedy. `cause` is preserved between threads (see pool/error-wire.ts).
 */
const BRAND = Symbol.for('millrace.error')

export const ERROR_CODES = [
  'ERR_MILLRACE_ARGUMENT',
  'ERR_MILLRACE_DATA',
  'ERR_MILLRACE_STATE',
  'ERR_MILLRACE_GRAPH',
  'ERR_MILLRACE_CAPTURE',
  'ERR_MILLRACE_PIPELINE',
  'ERR_MILLRACE_PACKAGE',
  'ERR_MILLRACE_FINGERPRINT',
  'ERR_MILLRACE_TASK_FAILED',
  'ERR_MILLRACE_OUTPUT_FAILED',
  'ERR_MILLRACE_THREAD_LOST',
  'ERR_MILLRACE_TASK_TIMEOUT',
  'ERR_MILLRACE_CALL_TIMEOUT',
  'ERR_MILLRACE_BLOCK_LOST',
  'ERR_MILLRACE_BLOCK_CORRUPT',
  'ERR_MILLRACE_MEMORY',
  'ERR_MILLRACE_BUFFER_FULL',
  'ERR_MILLRACE_SOURCE',
  'ERR_MILLRACE_FILE_SYSTEM',
  'ERR_MILLRACE_FILE_CHANGED',
  'ERR_MILLRACE_SAVE',
  'ERR_MILLRACE_SQL',
  'ERR_MILLRACE_CHECKPOINT',
  'ERR_MILLRACE_INDETERMINATE',
  'ERR_MILLRACE_JOB_CANCELLED',
  'ERR_MILLRACE_REMOTE',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Longer messages are cut, because they quote values that callers passed, which may take megabytes. */
const LONGEST_MESSAGE = 16_384

function cut(message: string): string {
  const more = message.length - LONGEST_MESSAGE
  return more <= 0 ? message : `${message.slice(0, LONGEST_MESSAGE)}... (${more} more characters)`
}

/** The base class of all errors of Millrace. Test `error.code` rather than the message, which may change. */
export abstract class MillraceError extends Error {
  readonly code: ErrorCode
  /** Facts for programs: ids, passed values, limits. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(cut(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
    Object.defineProperty(this, BRAND, { value: true })
  }

  override get name(): string {
    return this.constructor.name
  }

  /** Returns true for errors of any installed copy of the package, so that two copies agree. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null || !(BRAND in value)) return false
    // The brand identifies the base class only; subclasses keep the ordinary meaning.
    if (Object.is(MillraceError, this)) return true
    return Function.prototype[Symbol.hasInstance].call(this, value)
  }
}

/** Thrown if an option or argument is not allowed. */
export class ArgumentError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('ERR_MILLRACE_ARGUMENT', message, { details, cause })
  }
}

/** Thrown if a record, a key or another value is not data: another thread or a file could not return an equal value. */
export class DataError extends MillraceError {
  /** `details.path`: the path to the part that is not data. */
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_DATA', message, { details })
  }
}

/** Thrown if a call does not fit the state of its context (not started, already started, stopped). */
export class StateError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_STATE', message, { details })
  }
}

/** Thrown if the graph of streams has faults. The message and `faults` list all of them. */
export class GraphError extends MillraceError {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(
      'ERR_MILLRACE_GRAPH',
      faults.length === 1 ? faults[0]! : `The graph has ${faults.length} faults:\n- ${faults.join('\n- ')}`,
      { details: { faults } },
    )
    this.faults = faults
  }
}

/** Thrown if a function that is shipped as source text uses a variable from outside its own text. */
export class CaptureError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('ERR_MILLRACE_CAPTURE', message, { details, cause })
  }
}

/** Thrown if a pipeline module cannot be loaded or does not export a pipeline. */
export class PipelineError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_PIPELINE', message, options)
  }
}

/** Settings of bundlers, each tested with the tool. */
export const LEAVE_OUT =
  "Leave the package out of the bundle. esbuild: external: ['millrace']; Rollup: external: ['millrace']; " +
  "Vite: build: { rollupOptions: { external: ['millrace'] } }; webpack: target: 'node20', externals: { millrace: 'import millrace' }; " +
  "Next: serverExternalPackages: ['millrace']. Install millrace beside the bundle."

/**
 * Thrown if a bundler moved the package's code away from the files that its threads load. The message names the setting
 * to change.
 */
export class PackageError extends MillraceError {
  constructor(found: string, details?: Readonly<Record<string, unknown>>) {
    super(
      'ERR_MILLRACE_PACKAGE',
      `Millrace was bundled into another file (${found}), and its threads cannot find what they load. ${LEAVE_OUT}`,
      { details },
    )
  }
}

/** Thrown if a worker built a different graph than the driver from the same pipeline module. */
export class FingerprintError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_FINGERPRINT', message, { details })
  }
}

/**
 * A function of the user failed a job: its task failed `maxFailures` times, or the driver called it to merge results.
 * `details` name the operation, and of a task the batch and the partition.
 */
export class TaskFailedError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> }) {
    super('ERR_MILLRACE_TASK_FAILED', message, options)
  }
}

/**
 * Thrown if the function of an output operation threw `cause`. `details` name the batch, the output and its call site.
 */
export class OutputFailedError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> }) {
    super('ERR_MILLRACE_OUTPUT_FAILED', message, options)
  }
}

/**
 * Why a thread ended. `terminated`: something outside of Millrace terminated it; `exit`: its code called
 * `process.exit`; `uncaught`: an error was thrown outside of a task; `out-of-memory`: its heap was full; `timeout`: its
 * task made no progress for `taskTimeout`; `unreadable`: it sent an answer that cannot be decoded; `boot`: it failed to
 * start; `closed`: the context stopped.
 */
export type ThreadLossReason =
  | 'terminated'
  | 'exit'
  | 'uncaught'
  | 'out-of-memory'
  | 'timeout'
  | 'unreadable'
  | 'boot'
  | 'closed'

/** Thrown if a thread ended while a task or a call was waiting for it. */
export class ThreadLostError extends MillraceError {
  readonly reason: ThreadLossReason
  constructor(
    reason: ThreadLossReason,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(reason === 'timeout' ? 'ERR_MILLRACE_TASK_TIMEOUT' : 'ERR_MILLRACE_THREAD_LOST', message, options)
    this.reason = reason
  }
}

/** Thrown if a task made no progress for `taskTimeout`, so the driver terminated its thread. */
export class TaskTimeoutError extends ThreadLostError {
  constructor(message: string, options?: { cause?: unknown; details?: Readonly<Record<string, unknown>> }) {
    super('timeout', message, options)
  }
}

/** Thrown if a call of an async function did not settle within its `timeout`. */
export class CallTimeoutError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_CALL_TIMEOUT', message, { details })
  }
}

/** Thrown if no thread has a block any more, and its lineage cannot recompute it. */
export class BlockLostError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_BLOCK_LOST', message, { details })
  }
}

/** Thrown if the header or checksum of a block does not match its bytes. */
export class BlockCorruptError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('ERR_MILLRACE_BLOCK_CORRUPT', message, { details, cause })
  }
}

/** Thrown if an operation needs more memory than `memoryLimit` leaves. */
export class MemoryLimitError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_MEMORY', message, { details })
  }
}

/**
 * Thrown if a stream has no room: the caller ignored the promises of earlier `push` calls, or set `onFull: 'reject'`.
 */
export class BufferFullError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_BUFFER_FULL', message, { details })
  }
}

/**
 * Thrown if a source cannot be opened or read. `cause` is the error of the network, the file system or the iterable.
 */
export class SourceError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_SOURCE', message, options)
  }
}

/**
 * Why a file system refused a call. `missing`: the path does not exist; `exists`: the path already exists; `refused`:
 * the user has no permission; `unreachable`: the server does not answer; `failed`: any other reason.
 */
export type FileSystemReason = 'missing' | 'exists' | 'refused' | 'unreachable' | 'failed'

/** Thrown if a file system refuses a call. `details.path` names the file. After the reason `refused`, a retry cannot succeed. */
export class FileSystemError extends MillraceError {
  readonly reason: FileSystemReason
  constructor(
    reason: FileSystemReason,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    const final = reason === 'refused' && { final: true }
    super('ERR_MILLRACE_FILE_SYSTEM', message, { ...options, details: { ...final, ...options.details } })
    this.reason = reason
  }
}

/**
 * Thrown if a file changed after its lines were assigned to tasks. `details.path` names it; `details.change` says how
 * it differs.
 */
export class FileChangedError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_FILE_CHANGED', message, options)
  }
}

/** Thrown if a dataset cannot be written to files. `cause` is the error of the file system. */
export class SaveError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_SAVE', message, options)
  }
}

/**
 * Thrown if a query of `millrace/sql` fails. `details.kind` is DuckDB's kind of error, such as `Parser` or `Binder`;
 * `details.line` and `details.column` are the place in the query, both from 1, if DuckDB names it.
 */
export class SqlError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_SQL', message, options)
  }
}

/** Thrown if a checkpoint cannot be read or written, or belongs to another graph. */
export class CheckpointError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('ERR_MILLRACE_CHECKPOINT', message, { details, cause })
  }
}

/** Thrown if lost data came out different each time it was recomputed, so results would mix several versions of it. */
export class IndeterminateError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_INDETERMINATE', message, { details })
  }
}

/**
 * Thrown if a job was cancelled by its signal, by a failed task or by the stop of its context. `cause` is the signal's
 * reason.
 */
export class JobCancelledError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('ERR_MILLRACE_JOB_CANCELLED', message, { details, cause })
  }
}

/** The properties of an error whose class exists only in another thread. */
export interface RemoteFacts {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** An error of a class that only the other thread knows. It keeps name, message, stack, code, cause and properties. */
export class RemoteError extends MillraceError {
  /** The name of the error's class in its own thread. */
  readonly remoteName: string
  readonly remoteCode: string | undefined

  constructor({ name, message, code, cause, details }: RemoteFacts) {
    super('ERR_MILLRACE_REMOTE', message, { cause, details })
    this.remoteName = name
    this.remoteCode = code
  }

  override get name(): string {
    return this.remoteName
  }
}
