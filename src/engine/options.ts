import { availableParallelism } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { ResourceLimits } from 'node:worker_threads'
import { ArgumentError } from '../errors.js'
import { checkFileSystems, type FileSystemsOptions } from '../files/file-systems.js'
import { mayCompile } from '../ops/functions/may-compile.js'
import { checkNames } from '../ops/option-names.js'
import { type Duration, toMillis } from '../ops/time.js'
import type { FaultPlan } from '../pool/protocol.js'
import { describe } from '../values/describe.js'
import { usable } from '../values/unusable.js'
import { checkFaults } from './fault-plans.js'
import { type Logger, messageFirst, stderrLogger } from './logger.js'
import { checkMaster, checkSpark, type SparkOptions } from './master-options.js'
import { availableBytes } from './memory-warning.js'
import { safeLogger } from './safe-logger.js'

/**
 * The programs that may run on copies of tasks that no batch asked for. `proven`: programs whose functions all prove or
 * declare that another run has no effect. `all`: programs with any functions.
 */
export type Copyable = 'proven' | 'all'

/** When a slow task gets a second copy. All three conditions must hold. */
export interface Speculation {
  /** The task has run this many times longer than the median of its stage. */
  readonly multiplier: number
  /** At least this fraction of the stage's tasks, from 0 to 1, is done. */
  readonly quantile: number
  /** The task has run for at least this many ms. */
  readonly minMs: number
}

export interface ContextOptions {
  /**
   * URL of a Spark master that runs the jobs, in place of threads: 'spark://host:7077', 'local[2]' or 'local[*]'. Default:
   * threads of this process.
   */
  readonly master?: string
  /** How Spark is started; only with `master`. */
  readonly spark?: SparkOptions
  /** Number of worker threads that run tasks, 1 to 256. Default: the machine's cores, at most 8. */
  readonly threads?: number
  /** Default number of partitions of shuffles and sources. Default: `threads`. */
  readonly parallelism?: number
  /**
   * Whether one more thread is kept ready to take the slot of a dead one. Default true. Set `false` to save its memory.
   */
  readonly spare?: boolean
  /**
   * Whether idle threads run copies of tasks, so that their code is compiled before it is needed. The spare runs about
   * eight copies of a task of each kind, and drops their results. Other threads run tasks at which a new thread is
   * slow. `true` copies tasks whose functions prove or declare (`pure`) that another run has no effect; `'all'` copies
   * tasks with any functions; `false` copies none. Default true.
   */
  readonly warmUp?: boolean | 'all'
  /** Number of failed attempts after which a task fails its job. Default 4. */
  readonly maxFailures?: number
  /**
   * Time without progress after which a task's thread is terminated and the task is retried. Each record counts as
   * progress. A function over a whole partition makes no progress before it returns, unless it returns a generator.
   * Default '60s'.
   */
  readonly taskTimeout?: Duration
  /** Number of threads that own each block: 1, 2 or 3. Default 2. */
  readonly replicas?: number
  /**
   * How further owners hold a block. 'reference' (default): they share its memory, at no cost. 'copy': they copy it
   * within about 50 ms; the copy survives even a thread that overwrites its own memory.
   */
  readonly replication?: 'reference' | 'copy'
  /**
   * Whether an idle thread runs a second attempt of a task far behind its stage: true, or thresholds. Default false.
   */
  readonly speculation?: boolean | Partial<Speculation>
  /**
   * Bytes of blocks that the engine may hold. At the limit it evicts persisted partitions that can be recomputed, then
   * pauses sources, then fails the job with MemoryLimitError. Default: half of the memory of the container, or of the
   * machine.
   */
  readonly memoryLimit?: number
  /**
   * Bytes of results that one job may return to the driver, where `collect`, `output(name)` and others decode them. A
   * job that exceeds it fails with MemoryLimitError. Default: a quarter of the limit of the driver's heap, at most 1
   * GiB.
   */
  readonly maxResultBytes?: number
  /**
   * Directory for persisted partitions with the levels 'memory-and-disk' and 'disk'. The context creates its own
   * directory inside, and removes it when it stops or the process exits. Default: the system's directory for temporary
   * files.
   */
  readonly spillDirectory?: string
  /** Bytes that these files may take. Partitions that do not fit are evicted and recomputed. Default: no limit. */
  readonly spillLimit?: number
  /**
   * Bytes of keyed state that the threads may hold in memory, in equal shares; at least 64 KiB a thread. Partitions of state
   * beyond it are in files in `spillDirectory` while no task uses them: a task reads its partition, and writes back what
   * changed. So a partition must fit into memory, and should fit into a thread's share: use more partitions for large state.
   * Snapshots are counted by `memoryLimit`. Default: no limit, and no files.
   */
  readonly stateMemory?: number
  /**
   * Options of file systems for URL paths: `{ hdfs: { user: 'etl' } }`. Other schemes are added by name: `{ ftp: {
   * module, export } }`.
   */
  readonly fileSystems?: FileSystemsOptions
  /** Number of records that a batch stores with `onRecordError: 'dead-letter'`. It counts all of them. Default 100. */
  readonly deadLetterLimit?: number
  /**
   * Number of slides between two snapshots of keyed state. Default 10. A smaller number makes rebuilds faster and
   * batches slower.
   */
  readonly stateSnapshotInterval?: number
  /**
   * Limits of each thread's heap, in MiB: the `resourceLimits` of `worker_threads`. Default: {
   * maxYoungGenerationSizeMb: 96 }. With a smaller young generation, the records of a running task survive collections,
   * which then cost more than the task.
   */
  readonly resourceLimits?: ResourceLimits
  /**
   * Whether operations are compiled into one loop instead of composed from closures. Default: true if the process may
   * compile.
   */
  readonly codegen?: boolean
  /** Logger for operators: console, pino, bunyan, winston or an object of your own. Default: warnings and errors to stderr. */
  readonly logger?: Logger
  /** Fault points at which threads or the process die. For tests. */
  readonly faults?: readonly FaultPlan[]
}

/** The options of a context with their defaults. Times are in ms, sizes in bytes. */
export interface ContextSettings {
  readonly master: string | undefined
  readonly spark: SparkOptions
  readonly threads: number
  readonly parallelism: number
  readonly spare: boolean
  readonly warmUp: 'proven' | 'all' | false
  readonly maxFailures: number
  readonly taskTimeoutMs: number
  readonly replicas: number
  readonly replication: 'reference' | 'copy'
  readonly speculation: Speculation | undefined
  readonly memoryLimit: number
  readonly maxResultBytes: number
  readonly spillDirectory: string | undefined
  readonly spillLimit: number
  readonly stateMemory: number | undefined
  readonly fileSystems: FileSystemsOptions
  readonly deadLetterLimit: number
  readonly stateSnapshotInterval: number
  readonly resourceLimits: ResourceLimits
  readonly codegen: boolean
  readonly logger: Logger
  readonly faults: readonly FaultPlan[] | undefined
}

/** Returns the number of threads of a context that sets none: the machine's cores, at most 8. */
export function defaultThreads(): number {
  return Math.min(8, availableParallelism())
}

/** Three semi-spaces of 32 MiB each; measured faster than 16 and 64 MiB. */
const YOUNG_MIB = 96

/** Decoded records take about one to four times their encoded bytes. */
function resultBytes(): number {
  return Math.min(1024 * 1024 * 1024, Math.floor(getHeapStatistics().heap_size_limit / 4))
}

const KNOWN = new Set([
  'master',
  'spark',
  'threads',
  'parallelism',
  'spare',
  'warmUp',
  'maxFailures',
  'taskTimeout',
  'replicas',
  'replication',
  'speculation',
  'memoryLimit',
  'maxResultBytes',
  'spillDirectory',
  'spillLimit',
  'stateMemory',
  'fileSystems',
  'deadLetterLimit',
  'stateSnapshotInterval',
  'resourceLimits',
  'codegen',
  'logger',
  'faults',
])

/** Checks every option and adds defaults. `others`: option names that the caller handles itself. */
export function checkOptions(options: ContextOptions, others: readonly string[] = []): ContextSettings {
  return usable('new Context', [options], () => checkEach(options, others))
}

function checkEach(options: ContextOptions, others: readonly string[]): ContextSettings {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(`The options are ${describe(options)}; they must be an object such as { threads: 2 }.`)
  }
  for (const name of Object.keys(options)) {
    if (KNOWN.has(name) || others.includes(name)) continue
    throw new ArgumentError(`Unknown option '${name.slice(0, 40)}'. Known: ${[...others, ...KNOWN].join(', ')}.`, {
      option: name,
    })
  }
  const threads = whole('threads', options.threads ?? defaultThreads(), 1, 256)
  return {
    master: checkMaster(options.master),
    spark: checkSpark(options.spark, options.master),
    threads,
    parallelism: whole('parallelism', options.parallelism ?? threads, 1, 100_000),
    spare: yesOrNo('spare', options.spare ?? true),
    warmUp: checkWarmUp(options.warmUp ?? true),
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
    maxResultBytes: whole('maxResultBytes', options.maxResultBytes ?? resultBytes(), 1024, Number.MAX_SAFE_INTEGER),
    spillDirectory: folder('spillDirectory', options.spillDirectory),
    spillLimit: whole('spillLimit', options.spillLimit ?? Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER),
    stateMemory:
      options.stateMemory === undefined
        ? undefined
        : whole('stateMemory', options.stateMemory, threads * 64 * 1024, Number.MAX_SAFE_INTEGER),
    fileSystems: checkFileSystems(options.fileSystems),
    deadLetterLimit: whole('deadLetterLimit', options.deadLetterLimit ?? 100, 0, 100_000),
    stateSnapshotInterval: whole('stateSnapshotInterval', options.stateSnapshotInterval ?? 10, 1, 100_000),
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB, ...checkLimits(options.resourceLimits) },
    codegen: yesOrNo('codegen', options.codegen ?? mayCompile()),
    logger: safeLogger(messageFirst(options.logger ?? stderrLogger)),
    faults: checkFaults(options.faults),
  }
}

function oneOf<T extends string>(name: string, given: T, allowed: readonly T[]): T {
  if (allowed.includes(given)) return given
  throw new ArgumentError(`${name} is ${describe(given)}; it must be one of ${allowed.join(', ')}.`, {
    [name]: given,
  })
}

function yesOrNo(name: string, given: boolean): boolean {
  if (typeof given === 'boolean') return given
  throw new ArgumentError(`${name} is ${describe(given)}; it must be true or false.`, { [name]: given })
}

function checkWarmUp(given: boolean | 'all'): Copyable | false {
  if (given === false || given === 'all') return given
  if (given === true) return 'proven'
  throw new ArgumentError(`warmUp is ${describe(given)}; it must be true, false or 'all'.`, { warmUp: given })
}

function folder(name: string, given: string | undefined): string | undefined {
  if (given === undefined || (typeof given === 'string' && given !== '')) return given
  throw new ArgumentError(`${name} is ${describe(given)}; it must be the path of a directory, or absent.`, {
    [name]: given,
  })
}

function whole(name: string, given: number, least: number, most: number): number {
  if (Number.isInteger(given) && given >= least && given <= most) return given
  throw new ArgumentError(`${name} is ${describe(given)}; it must be a whole number from ${least} to ${most}.`, {
    [name]: given,
  })
}

function numberFrom(name: string, given: unknown, least: number, most: number): number {
  if (typeof given === 'number' && given >= least && given <= most) return given
  const allowed = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`
  throw new ArgumentError(`${name} is ${describe(given)}; it must be a number ${allowed}.`, { [name]: given })
}

const LIMITS = ['maxYoungGenerationSizeMb', 'maxOldGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'] as const

function checkLimits(given: ResourceLimits = {}): ResourceLimits {
  checkNames(given, LIMITS, 'resourceLimits')
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'number' || !(value > 0)) {
      throw new ArgumentError(`resourceLimits has ${name}: ${describe(value)}; it must be a number of MiB above 0.`, {
        resourceLimits: given,
      })
    }
  }
  return given
}

function checkSpeculation(given: ContextOptions['speculation']): Speculation | undefined {
  if (given === undefined || given === false) return undefined
  if (given !== true && (typeof given !== 'object' || given === null)) {
    throw new ArgumentError(
      `speculation is ${describe(given)}; it must be true, false or an object such as { multiplier: 2, quantile: 0.5, minMs: 100 }.`,
    )
  }
  const options = given === true ? {} : given
  checkNames(options, ['multiplier', 'quantile', 'minMs'], 'speculation')
  const { multiplier = 2, quantile = 0.5, minMs = 100 } = options
  return {
    multiplier: numberFrom('speculation.multiplier', multiplier, 1, Number.MAX_VALUE),
    quantile: numberFrom('speculation.quantile', quantile, 0, 1),
    minMs: numberFrom('speculation.minMs', minMs, 0, Number.MAX_VALUE),
  }
}
