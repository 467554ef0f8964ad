/**
 * Every error that Millrace throws. Each has a stable `code`; the message says what was given, what is allowed and
 * what to do; `cause` is kept, also when the error crossed a thread (see pool/error-wire.ts).
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
  'ERR_MILLRACE_FILE_CHANGED',
  'ERR_MILLRACE_SAVE',
  'ERR_MILLRACE_CHECKPOINT',
  'ERR_MILLRACE_INDETERMINATE',
  'ERR_MILLRACE_JOB_CANCELLED',
  'ERR_MILLRACE_REMOTE',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

export class MillraceError extends Error {
  readonly code: ErrorCode
  /** Facts for programs: ids, given values, limits. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
    Object.defineProperty(this, BRAND, { value: true })
  }

  override get name(): string {
    return this.constructor.name
  }

  /** True for errors of any copy of the package, so that two installed copies agree. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null || !(BRAND in value)) return false
    // Subclasses keep the ordinary meaning; only the base class is recognised by brand.
    if (Object.is(MillraceError, this)) return true
    return Function.prototype[Symbol.hasInstance].call(this, value)
  }
}

/** An option or argument is not allowed. */
export class ArgumentError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_ARGUMENT', message, { details })
  }
}

/** A record, a key or another value is not data: it would not come back as it is from another thread or a file. */
export class DataError extends MillraceError {
  /** `details.path`: the path to the part that is not data. */
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_DATA', message, { details })
  }
}

/** The call does not fit the state of its context (not started, already started, stopped). */
export class StateError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_STATE', message, { details })
  }
}

/** The graph of streams has faults; all of them are listed. */
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

/** A function that must travel as source text uses a variable of its surroundings. */
export class CaptureError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_CAPTURE', message, { details })
  }
}

/** A pipeline module cannot be loaded or does not export a pipeline. */
export class PipelineError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_PIPELINE', message, options)
  }
}

/** Files of the package are not beside its code: a bundler has moved it. The message has the settings of bundlers. */
export class PackageError extends MillraceError {
  constructor(found: string, details?: Readonly<Record<string, unknown>>) {
    super(
      'ERR_MILLRACE_PACKAGE',
      `Millrace was bundled into another file (${found}), and its threads cannot find what they load. Leave the package out ` +
        "of the bundle. esbuild: external: ['millrace']; Rollup: external: ['millrace']; Vite: ssr: { external: ['millrace'] } " +
        "and build: { rollupOptions: { external: ['millrace'] } }; webpack: externals: { millrace: 'import millrace' }; " +
        "Next: serverExternalPackages: ['millrace']. Install millrace beside the bundle.",
      { details },
    )
  }
}

/** A worker built another graph from the same module. */
export class FingerprintError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_FINGERPRINT', message, { details })
  }
}

/** A task failed as often as `maxFailures` allows; its job fails with this. */
export class TaskFailedError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> }) {
    super('ERR_MILLRACE_TASK_FAILED', message, options)
  }
}

/** The function of an output operation threw; `cause` is what it threw. `details` name the batch, the output and its call. */
export class OutputFailedError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> }) {
    super('ERR_MILLRACE_OUTPUT_FAILED', message, options)
  }
}

/** Why a thread ended. `terminated`: from outside; `exit`: its code called process.exit. */
export type ThreadLossReason =
  | 'terminated'
  | 'exit'
  | 'uncaught'
  | 'out-of-memory'
  | 'timeout'
  | 'unreadable'
  | 'boot'
  | 'closed'

/** A thread died while it had work, or before it answered. */
export class ThreadLostError extends MillraceError {
  readonly reason: ThreadLossReason
  constructor(
    reason: ThreadLossReason,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super('ERR_MILLRACE_THREAD_LOST', message, options)
    this.reason = reason
  }
}

/** A call of an async function had no answer in its `timeout`. */
export class CallTimeoutError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_CALL_TIMEOUT', message, { details })
  }
}

/** Data that can be neither found nor recomputed. */
export class BlockLostError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_BLOCK_LOST', message, { details })
  }
}

/** A block's header or checksum does not fit its bytes. */
export class BlockCorruptError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_BLOCK_CORRUPT', message, { details })
  }
}

/** The engine's block memory is at `memoryLimit`. */
export class MemoryLimitError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_MEMORY', message, { details })
  }
}

/** A stream takes no more records now: the caller did not wait for the promises that `push` returned, or asked for this. */
export class BufferFullError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_BUFFER_FULL', message, { details })
  }
}

/** A source cannot be opened or read. */
export class SourceError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_SOURCE', message, options)
  }
}

/** A file is not what it was when its lines were assigned to tasks. `details.change` says how it differs. */
export class FileChangedError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_FILE_CHANGED', message, options)
  }
}

/** A dataset cannot be saved to files; `cause` is the error of the file system. */
export class SaveError extends MillraceError {
  constructor(message: string, options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {}) {
    super('ERR_MILLRACE_SAVE', message, options)
  }
}

/** Checkpoints of streams cannot be read or written, or are those of another graph. */
export class CheckpointError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('ERR_MILLRACE_CHECKPOINT', message, { details, ...(cause === undefined ? {} : { cause }) })
  }
}

/** Data that was lost came out different each time it was computed again: results would mix its versions. */
export class IndeterminateError extends MillraceError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('ERR_MILLRACE_INDETERMINATE', message, { details })
  }
}

/** The context stopped before the job was done. */
export class JobCancelledError extends MillraceError {
  /** `cause`: the reason of the signal that cancelled it. */
  constructor(message: string, details?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('ERR_MILLRACE_JOB_CANCELLED', message, { details, ...(cause === undefined ? {} : { cause }) })
  }
}

const CLASSES: { readonly [C in ErrorCode]?: { readonly prototype: MillraceError } } = {
  ERR_MILLRACE_ARGUMENT: ArgumentError,
  ERR_MILLRACE_DATA: DataError,
  ERR_MILLRACE_STATE: StateError,
  ERR_MILLRACE_GRAPH: GraphError,
  ERR_MILLRACE_CAPTURE: CaptureError,
  ERR_MILLRACE_PIPELINE: PipelineError,
  ERR_MILLRACE_PACKAGE: PackageError,
  ERR_MILLRACE_FINGERPRINT: FingerprintError,
  ERR_MILLRACE_TASK_FAILED: TaskFailedError,
  ERR_MILLRACE_OUTPUT_FAILED: OutputFailedError,
  ERR_MILLRACE_THREAD_LOST: ThreadLostError,
  ERR_MILLRACE_CALL_TIMEOUT: CallTimeoutError,
  ERR_MILLRACE_BLOCK_LOST: BlockLostError,
  ERR_MILLRACE_BLOCK_CORRUPT: BlockCorruptError,
  ERR_MILLRACE_MEMORY: MemoryLimitError,
  ERR_MILLRACE_BUFFER_FULL: BufferFullError,
  ERR_MILLRACE_SOURCE: SourceError,
  ERR_MILLRACE_FILE_CHANGED: FileChangedError,
  ERR_MILLRACE_SAVE: SaveError,
  ERR_MILLRACE_CHECKPOINT: CheckpointError,
  ERR_MILLRACE_INDETERMINATE: IndeterminateError,
  ERR_MILLRACE_JOB_CANCELLED: JobCancelledError,
}

/** The class that throws a code: for errors that come from another thread. */
export function errorClass(code: ErrorCode): { readonly prototype: MillraceError } {
  return CLASSES[code] ?? MillraceError
}
