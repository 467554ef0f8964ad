import type { AckAfter } from '../../ops/source.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { OptionCheck, type ServerAddress } from '../options.js'
import type { EventFormat } from './protocol.js'

export interface FlumePollingOptions {
  /** Addresses of agents that run Spark's sink, as `host:port`. */
  readonly agents: string | readonly string[]
  /** How bodies are decoded: `'text'` (default) or `'bytes'`. */
  readonly value?: 'text' | 'bytes'
  /** Makes each record an object `{ headers, body }`, not the body only (`false`). */
  readonly headers?: boolean
  /**
   * When a call is acknowledged, so that the agent deletes its events: when they are `'stored'` (default), or when
   * their batch is `'processed'`.
   */
  readonly ackAfter?: AckAfter
  /** Events per call (1,000). Must not exceed the `transactionCapacity` of the agent's channel. */
  readonly maxBatchSize?: number
  /** Calls of one agent that may wait for acknowledgement (10). Must not exceed the `threads` of the agent's sink. */
  readonly maxUnacknowledged?: number
  /** Bytes of the largest response (64 MiB). An agent that exceeds the limit is disconnected. */
  readonly maxFrameBytes?: number
  /** How long the agent may take to accept a connection, and to answer an acknowledgement ('30s'). */
  readonly timeout?: Duration
}

export interface CheckedPollingOptions {
  readonly agents: readonly ServerAddress[]
  readonly format: EventFormat
  readonly ackAfter: AckAfter
  readonly maxBatchSize: number
  readonly maxUnacknowledged: number
  readonly maxFrameBytes: number
  readonly timeoutMs: number
}

const NAMES = [
  'agents',
  'value',
  'headers',
  'ackAfter',
  'maxBatchSize',
  'maxUnacknowledged',
  'maxFrameBytes',
  'timeout',
]
const check = new OptionCheck('flume')

/** @throws ArgumentError that names the option. */
export function checkPollingOptions(options: FlumePollingOptions): CheckedPollingOptions {
  check.names(options, NAMES)
  return {
    agents: check.addresses('agents', options.agents),
    format: {
      value: check.oneOf('value', options.value ?? 'text', ['text', 'bytes']),
      headers: check.boolean('headers', options.headers ?? false),
    },
    ackAfter: check.oneOf('ackAfter', options.ackAfter ?? 'stored', ['stored', 'processed']),
    maxBatchSize: check.integer('maxBatchSize', options.maxBatchSize ?? 1000, 1, 2 ** 31 - 1),
    maxUnacknowledged: check.integer('maxUnacknowledged', options.maxUnacknowledged ?? 10, 1),
    maxFrameBytes: check.integer('maxFrameBytes', options.maxFrameBytes ?? 64 * 1024 * 1024, 1024, 1024 ** 3),
    timeoutMs: toMillis(options.timeout ?? '30s', 'flume timeout'),
  }
}
