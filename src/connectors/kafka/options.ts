import { ArgumentError } from '../../errors.js'
import { checkOnRecordError, type OnRecordError } from '../../ops/source.js'
import { type Duration, toMillis } from '../../ops/time.js'
import type { ClusterSettings } from './cluster.js'
import { type ClusterOptions, checkClusterOptions } from './cluster-options.js'
import { check, isCount } from './option-check.js'
import { checkValue, FORMATS, type KafkaDecoderRef, type KafkaFormat, type RecordFormat } from './record-format.js'
import { checkEnd, checkStart, type KafkaEnd, type KafkaStart } from './start.js'
import type { Isolation } from './wire/requests.js'

export interface KafkaOptions extends ClusterOptions {
  /** Topics to read. Set exactly one of `topics`, `pattern` and `assignments`. */
  readonly topics?: string | readonly string[]
  /** Reads all topics whose whole name matches, including those that are created later. */
  readonly pattern?: RegExp
  /** Reads these partitions only: `{ orders: [0, 2] }`. */
  readonly assignments?: Readonly<Record<string, readonly number[]>>
  /**
   * Where to begin, if there is no checkpoint and `group` has committed no offset: `'latest'` (default of streams),
   * `'earliest'` (default of datasets), offsets or a timestamp.
   */
  readonly start?: KafkaStart
  /** Where to end. Default: a stream does not end, and a dataset ends at the newest record when it is created. */
  readonly end?: KafkaEnd
  /**
   * Consumer group for which each batch commits its offsets after its outputs (none). The group does not assign
   * partitions.
   */
  readonly group?: string
  /** The most records per second from each partition (no limit). */
  readonly maxRatePerPartition?: number
  /** `'read_committed'` (default) hides records of open and aborted transactions; `'read_uncommitted'` shows them. */
  readonly isolation?: Isolation
  /** How values are decoded: `'text'` (default), `'bytes'`, `'json'`, or by a decoder module. */
  readonly value?: KafkaFormat | KafkaDecoderRef
  /** Makes each record a pair `[key, value]`, and says how keys are decoded (off). */
  readonly keys?: KafkaFormat
  /** Makes each record an object with topic, partition, offset, timestamp, key, value and headers (`false`). */
  readonly headers?: boolean
  /**
   * Treatment of offsets that retention removed before they were read: `'fail'` (default), or `'skip'` with a warning
   * that counts them.
   */
  readonly onGap?: 'fail' | 'skip'
  /**
   * Treatment of a record that `value` or `keys` cannot decode: 'fail' (default) fails its task, 'skip' drops and
   * counts it, 'dead-letter' also stores it undecoded in `deadLetters`.
   */
  readonly onRecordError?: OnRecordError
  /**
   * Partitions per batch to aim for (1). Above the number of topic partitions, ranges of offsets are split, so that
   * several threads read one topic partition.
   */
  readonly minPartitions?: number
  /** Bytes that a thread fetches per request (4 MiB). */
  readonly fetchBytes?: number
  /** Verifies the checksum of each record batch (`true`). */
  readonly checkCrcs?: boolean
  /** How often the source looks for new topics and partitions (30 s). */
  readonly metadataRefresh?: Duration
}

export interface CheckedKafkaOptions {
  readonly cluster: ClusterSettings
  readonly topics: readonly string[] | undefined
  readonly pattern: RegExp | undefined
  readonly assignments: Readonly<Record<string, readonly number[]>> | undefined
  readonly start: KafkaStart | undefined
  readonly end: KafkaEnd | undefined
  readonly minPartitions: number
  readonly group: string | undefined
  readonly maxRatePerPartition: number
  readonly isolation: Isolation
  readonly format: RecordFormat
  readonly onGap: 'fail' | 'skip'
  readonly onRecordError: OnRecordError
  readonly fetchBytes: number
  readonly checkCrcs: boolean
  readonly metadataRefreshMs: number
}

const ISOLATIONS = ['read_committed', 'read_uncommitted'] as const
const NAMES = [
  'topics',
  'pattern',
  'assignments',
  'start',
  'end',
  'minPartitions',
  'group',
  'maxRatePerPartition',
  'isolation',
  'value',
  'keys',
  'headers',
  'onGap',
  'onRecordError',
  'fetchBytes',
  'checkCrcs',
  'metadataRefresh',
]

/** Checks the options. No message contains a secret. @throws ArgumentError that names the option. */
export function checkKafkaOptions(options: KafkaOptions): CheckedKafkaOptions {
  const cluster = checkClusterOptions(options, NAMES)
  const { start, end, group, keys } = options
  return {
    cluster,
    ...checkPartitions(options),
    start: start === undefined ? undefined : checkStart('start', start),
    end: end === undefined ? undefined : checkEnd(end),
    minPartitions: check.integer('minPartitions', options.minPartitions ?? 1, 1),
    group: group === undefined ? undefined : check.text('group', group, 'the name of a group'),
    maxRatePerPartition: checkRate(options.maxRatePerPartition),
    isolation: check.oneOf('isolation', options.isolation ?? 'read_committed', ISOLATIONS),
    format: {
      value: checkValue(options.value ?? 'text'),
      keys: keys === undefined ? undefined : check.oneOf('keys', keys, FORMATS),
      headers: check.boolean('headers', options.headers ?? false),
    },
    onRecordError: checkOnRecordError('kafka', options.onRecordError),
    onGap: check.oneOf('onGap', options.onGap ?? 'fail', ['fail', 'skip']),
    fetchBytes: check.integer('fetchBytes', options.fetchBytes ?? 4 * 1024 * 1024, 1024, 128 * 1024 * 1024),
    checkCrcs: check.boolean('checkCrcs', options.checkCrcs ?? true),
    metadataRefreshMs: toMillis(options.metadataRefresh ?? '30s', 'kafka metadataRefresh'),
  }
}

/** Returns which partitions to read: all partitions of some topics, or the assigned ones. */
function checkPartitions({
  topics: given,
  pattern,
  assignments,
}: KafkaOptions): Pick<CheckedKafkaOptions, 'topics' | 'pattern' | 'assignments'> {
  const topics = typeof given === 'string' ? [given] : given
  if ([topics, pattern, assignments].filter((each) => each !== undefined).length !== 1)
    throw new ArgumentError('kafka: set exactly one of topics, pattern and assignments.')
  if (topics) {
    const names = check.texts('topics', topics, 'a name or a list of names')
    if (names.length === 0 || names.includes('')) throw check.wrong('topics', topics, 'a name or a list of names')
  }
  if (pattern && !(pattern instanceof RegExp)) throw check.wrong('pattern', pattern, 'a regular expression')
  if (assignments) checkAssignments(assignments)
  return { topics, pattern, assignments }
}

function checkAssignments(assignments: Readonly<Record<string, readonly number[]>>): void {
  const entries = Object.entries(assignments)
  const valid = entries.every(([, list]) => Array.isArray(list) && list.length > 0 && list.every(isCount))
  if (entries.length === 0 || !valid) throw check.wrong('assignments', assignments, '{ topic: [partition, ...] }')
}

function checkRate(rate = Number.POSITIVE_INFINITY): number {
  if (typeof rate === 'number' && rate > 0) return rate
  throw check.wrong('maxRatePerPartition', rate, 'a number of records per second above 0')
}
