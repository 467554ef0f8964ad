import { availableParallelism } from 'node:os'
import type { ResourceLimits } from 'node:worker_threads'
import { ArgumentError } from '../errors.js'
import { mayCompile } from '../ops/functions/may-compile.js'
import { type Duration, toMillis } from '../ops/time.js'
import type { FaultPlan } from '../pool/protocol.js'
import { type Logger, messageFirst, stderrLogger } from './logger.js'
import { availableBytes } from './memory.js'
import { safeLogger } from './safe-logger.js'
import type { Speculation } from './straggler-watch.js'

export interface ContextOptions {
  /** Worker threads that run tasks. Default: the machine's cores, at most 8. */
  readonly threads?: number
  /** Partitions of shuffles and sources that are not told otherwise. Default: `threads`. */
  readonly parallelism?: number
  /** One more thread, warm, that takes over when another dies. Default true. */
  readonly spare?: boolean
  /**
   * The spare runs copies of the tasks of past batches while nothing else runs, some eight of each kind, so that its code
   * is compiled when it takes over. Their results are dropped. False: no function runs that the batches do not need.
   * Default true.
   */
  readonly rehearsals?: boolean
  /** A task that fails so often fails its job. Default 4. */
  readonly maxFailures?: number
  /**
   * A task without progress for so long costs its thread. Each record is progress; a function that gets a whole partition
   * makes none before it returns, unless it returns a generator. Default '60s'.
   */
  readonly taskTimeout?: Duration
  /** Owning threads of every block: 1, 2 or 3. Default 2. */
  readonly replicas?: number
  /**
   * How further owners hold a block. 'reference' (default): the same memory, which costs nothing. 'copy': bytes of their
   * own, made within 50 ms or so, which also survive a thread that scribbles over its memory.
   */
  readonly replication?: 'reference' | 'copy'
  /** True, or thresholds: a task far behind its stage gets a second copy, the first result wins. Default false. */
  readonly speculation?: boolean | Partial<Speculation>
  /**
   * Bytes of blocks that the engine may hold. At the limit it lets kept partitions go that can be computed again, then
   * sources pause, then the job fails with MemoryLimitError. Default: half of the memory of the container, or of the machine
   * where there is none.
   */
  readonly memoryLimit?: number
  /**
   * Where kept partitions with the levels 'memory-and-disk' and 'disk' are written: in a folder of its own in there,
   * removed when the context stops and when the process exits. Default: the system's folder for temporary files.
   */
  readonly spillDirectory?: string
  /** Bytes that these files may take. What does not fit is let go and computed again. Default: no limit. */
  readonly spillLimit?: number
  /** Records with `onRecordError: 'deadLetter'` that a batch keeps to be looked at; all are counted. Default 100. */
  readonly deadLetterLimit?: number
  /** Slides between two snapshots of kept state. Default 10. */
  readonly stateSnapshotInterval?: number
  /**
   * Limits of each thread's heap, as `worker_threads` has them. Default: { maxYoungGenerationSizeMb: 96 }, since records
   * of a task that still runs survive small collections, which then cost more than the task.
   */
  readonly resourceLimits?: ResourceLimits
  /** False: compose operations from closures instead of compiling one loop. Default: true where the process may compile. */
  readonly codegen?: boolean
  /** Default: warnings and errors to stderr. Takes console, pino, bunyan or winston as they are. */
  readonly logger?: Logger
  /** Fault points at which threads die, or the whole process: for tests. */
  readonly faults?: readonly FaultPlan[]
}

export interface CheckedOptions {
  readonly threads: number
  readonly parallelism: number
  readonly spare: boolean
  readonly rehearsals: boolean
  readonly maxFailures: number
  readonly taskTimeoutMs: number
  readonly replicas: number
  readonly replication: 'reference' | 'copy'
  readonly speculation: Speculation | undefined
  readonly memoryLimit: number
  readonly spillDirectory: string | undefined
  readonly spillLimit: number
  readonly deadLetterLimit: number
  readonly stateSnapshotInterval: number
  readonly resourceLimits: ResourceLimits
  readonly codegen: boolean
  readonly logger: Logger
  readonly faults: readonly FaultPlan[] | undefined
}

/** Three semi-spaces of 32 MiB: measured against 16 and 64. */
const YOUNG_MIB = 96

const KNOWN = new Set([
  'threads',
  'parallelism',
  'spare',
  'rehearsals',
  'maxFailures',
  'taskTimeout',
  'replicas',
  'replication',
  'speculation',
  'memoryLimit',
  'spillDirectory',
  'spillLimit',
  'deadLetterLimit',
  'stateSnapshotInterval',
  'resourceLimits',
  'codegen',
  'logger',
  'faults',
])

/** Checks every option when it is given. `others`: names that the caller handles itself. */
export function checkOptions(options: ContextOptions, others: readonly string[] = []): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(`The options are ${String(options)}; they must be an object such as { threads: 2 }.`)
  }
  for (const name of Object.keys(options)) {
    if (KNOWN.has(name) || others.includes(name)) continue
    throw new ArgumentError(`Unknown option '${name}'. Known: ${[...others, ...KNOWN].join(', ')}.`, { option: name })
  }
  const threads = whole('threads', options.threads ?? Math.min(8, availableParallelism()), 1, 256)
  return {
    threads,
    parallelism: whole('parallelism', options.parallelism ?? threads, 1, 100_000),
    spare: yesOrNo('spare', options.spare ?? true),
    rehearsals: yesOrNo('rehearsals', options.rehearsals ?? true),
    maxFailures: whole('maxFailures', options.maxFailures ?? 4, 1, 1000),
    taskTimeoutMs: toMillis(options.taskTimeout ?? '60s', 'taskTimeout'),
    replicas: whole('replicas', options.replicas ?? 2, 1, 3),
    replication: oneOf('replication', options.replication ?? 'reference', ['reference', 'copy']),
    speculation: checkSpeculation(options.speculation),
    memoryLimit: whole(
      'memoryLimit',
      options.memoryLimit ?? Math.floor(availableBytes() / 2),
      4 * 1024 * 1024,
      Number.MAX_SAFE_INTEGER,
    ),
    spillDirectory: folder('spillDirectory', options.spillDirectory),
    spillLimit: whole('spillLimit', options.spillLimit ?? Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER),
    deadLetterLimit: whole('deadLetterLimit', options.deadLetterLimit ?? 100, 0, 100_000),
    stateSnapshotInterval: whole('stateSnapshotInterval', options.stateSnapshotInterval ?? 10, 1, 100_000),
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB, ...checkLimits(options.resourceLimits) },
    codegen: yesOrNo('codegen', options.codegen ?? mayCompile()),
    logger: safeLogger(messageFirst(options.logger ?? stderrLogger)),
    faults: options.faults,
  }
}

function oneOf<T extends string>(name: string, given: T, allowed: readonly T[]): T {
  if (allowed.includes(given)) return given
  throw new ArgumentError(`${name} is ${JSON.stringify(given)}; it must be one of ${allowed.join(', ')}.`, {
    [name]: given,
  })
}

function yesOrNo(name: string, given: boolean): boolean {
  if (typeof given === 'boolean') return given
  throw new ArgumentError(`${name} is ${JSON.stringify(given)}; it must be true or false.`, { [name]: given })
}

function folder(name: string, given: string | undefined): string | undefined {
  if (given === undefined || (typeof given === 'string' && given !== '')) return given
  throw new ArgumentError(`${name} is ${JSON.stringify(given)}; it must be the path of a folder, or absent.`, {
    [name]: given,
  })
}

function whole(name: string, given: number, least: number, most: number): number {
  if (Number.isInteger(given) && given >= least && given <= most) return given
  const shown = typeof given === 'string' ? JSON.stringify(given) : String(given)
  throw new ArgumentError(`${name} is ${shown}; it must be a whole number from ${least} to ${most}.`, { [name]: given })
}

const LIMITS = ['maxYoungGenerationSizeMb', 'maxOldGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'] as const

/** Node ignores names that it does not know. */
function checkLimits(given: ResourceLimits = {}): ResourceLimits {
  for (const [name, value] of Object.entries(given)) {
    if (!LIMITS.includes(name as (typeof LIMITS)[number]) || typeof value !== 'number' || !(value > 0)) {
      throw new ArgumentError(
        `resourceLimits has ${name}: ${JSON.stringify(value)}; it may have ${LIMITS.join(', ')}, each a number of MiB above 0.`,
        { resourceLimits: given },
      )
    }
  }
  return given
}

function checkSpeculation(given: ContextOptions['speculation']): Speculation | undefined {
  if (given === undefined || given === false) return undefined
  const { multiplier = 2, quantile = 0.5, minMs = 100 } = given === true ? {} : given
  if (multiplier >= 1 && quantile >= 0 && quantile <= 1 && minMs >= 0) return { multiplier, quantile, minMs }
  throw new ArgumentError(
    `speculation is ${JSON.stringify(given)}; multiplier must be at least 1, quantile between 0 and 1, minMs at least 0.`,
    { given },
  )
}
