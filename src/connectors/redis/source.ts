import type { Redis } from 'ioredis'
import { SourceError } from '../../errors.js'
import type { BatchRequest, DirectBatch, DirectReader, DirectSource } from '../../ops/source.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { integer, object, optional, record, satisfying } from '../../values/schema.js'
import { describeRanges } from '../describe-ranges.js'
import { type RedisClient, redisClient } from './client.js'
import { serverOf } from './connection.js'
import { type CheckedSourceOptions, checkSourceOptions, type RedisSourceOptions, type RedisStart } from './options.js'
import { factsOf, lagOf, planStream, type RedisRange, type StreamPlan, type StreamPosition } from './planner.js'
import { goneEntries, type RedisReaderOptions } from './reader.js'

/** A record with `ids: true`. */
export interface RedisEntry<V = unknown> {
  readonly stream: string
  readonly id: string
  readonly value: V
}

/** The position at which the next batch begins, by stream. Checkpoints store it. */
type Position = Readonly<Record<string, StreamPosition>>

const positionSchema = record(
  /./,
  object({
    id: satisfying("an entry's id", (id) => typeof id === 'string' && /^\d+-\d+$/.test(id)),
    read: optional(integer(0, Number.MAX_SAFE_INTEGER, 'a number of entries')),
  }),
)

/**
 * Reads Redis Streams. The driver plans ranges of ids, and worker threads read them. A batch that runs again reads the
 * same entries.
 */
export function redisSource(options: RedisSourceOptions): DirectSource<RedisRange> {
  const checked = checkSourceOptions(options)
  const { settings, format, onGap, onRecordError } = checked
  const readerOptions: RedisReaderOptions = { settings, format, onGap }
  const module = new URL('connectors/redis/reader.js', PACKAGE_ROOT).href
  return {
    kind: 'direct',
    name: `redis ${checked.streams.join(', ')}@${serverOf(settings)}`,
    reader: { module, export: 'redisReader', options: readerOptions, onRecordError },
    create: () => new RedisDriver(checked),
    checkPosition: (position) => positionSchema(position, ''),
  }
}

class RedisDriver implements DirectReader<RedisRange> {
  readonly #options: CheckedSourceOptions
  readonly #client: RedisClient
  readonly #abort = new AbortController()
  #intervalSeconds = 1
  readonly #next = new Map<string, StreamPosition>()
  /** The ids that the group records when a batch is complete, by batch time. */
  readonly #ends = new Map<number, ReadonlyMap<string, StreamPosition>>()

  constructor(options: CheckedSourceOptions) {
    this.#options = options
    this.#client = redisClient(options.settings)
  }

  async open(_zeroTime: number, batchInterval: number, position?: unknown): Promise<void> {
    this.#intervalSeconds = batchInterval / 1000
    const saved = (position ?? {}) as Position
    for (const stream of this.#options.streams)
      this.#next.set(stream, saved[stream] ?? (await this.#startOf(stream, position !== undefined)))
  }

  async next(time: number, { maxRecords }: BatchRequest): Promise<DirectBatch<RedisRange>> {
    const { streams, maxRatePerPartition, partitionRecords: size } = this.#options
    const byRate = Math.floor(maxRatePerPartition * this.#intervalSeconds)
    const most = Math.max(1, Math.min(byRate, Math.ceil(maxRecords / streams.length)))
    const warnings: string[] = []
    const plans = await Promise.all(
      streams.map(async (stream) => {
        const position = this.#next.get(stream)!
        const plan = await planStream(this.#client, this.#abort.signal, stream, position, { most, size })
        return { stream, position, plan }
      }),
    )
    for (const { stream, position, plan } of plans) this.#checkGap(stream, position, plan, warnings)
    for (const { stream, plan } of plans) if (plan) this.#next.set(stream, plan.position)
    this.#ends.set(time, new Map(this.#next))
    const partitions = plans.flatMap(({ plan }) => plan?.ranges ?? [])
    const description = describeRanges(partitions, nameOfRange, 'ranges')
    const parts = plans.flatMap(({ stream, plan }) => (plan ? (lagOf(stream, plan) ?? []) : []))
    return { partitions, description, lag: { unit: 'records', parts }, warnings }
  }

  replay(time: number, { partitions }: DirectBatch<RedisRange>): void {
    for (const { stream, to, entries } of partitions) {
      const read = this.#next.get(stream)?.read
      this.#next.set(stream, read === undefined ? { id: to } : { id: to, read: read + entries })
    }
    this.#ends.set(time, new Map(this.#next))
  }

  position(): Position {
    return Object.fromEntries(this.#next)
  }

  async committed(time: number): Promise<void> {
    const ends = this.#ends.get(time)
    this.#ends.delete(time)
    const { group } = this.#options
    if (group === undefined || !ends || this.#intervalSeconds === Number.POSITIVE_INFINITY) return
    for (const [stream, position] of ends) {
      if (position.id === '0-0') continue
      await this.#client.run(this.#abort.signal, (redis) => noteInGroup(redis, stream, group, position))
    }
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#client.close()
  }

  async #startOf(stream: string, isRestarted: boolean): Promise<StreamPosition> {
    const { signal } = this.#abort
    const isDataset = this.#intervalSeconds === Number.POSITIVE_INFINITY
    const { start = isDataset ? 'earliest' : 'latest', group } = this.#options
    const facts = await factsOf(this.#client, signal, stream)
    if (!facts) return { id: '0-0', read: 0 }
    const noted =
      group === undefined || isDataset
        ? undefined
        : await this.#client.run(signal, (redis) => notedInGroup(redis, stream, group))
    if (noted) return noted
    // The earlier process did not know of a new stream, so it is read from its first entry on.
    if (start === 'earliest' || isRestarted) return { id: '0-0', read: facts.added - facts.length }
    if (start === 'latest') return { id: facts.lastId, read: facts.added }
    return { id: idBefore(start, stream) }
  }

  #checkGap(stream: string, position: StreamPosition, plan: StreamPlan | undefined, warnings: string[]): void {
    if (!plan) {
      if (position.id !== '0-0') throw recreated(stream, position.id)
      warnings.push(`there is no stream '${stream}' yet; its entries will be read from the first on`)
      return
    }
    const { gone, facts } = plan
    if (facts.added < (position.read ?? 0) || compareIds(facts.lastId, position.id) < 0)
      throw recreated(stream, position.id)
    if (gone === 0) return
    if (this.#options.onGap === 'fail') throw goneEntries(stream, gone, position.id)
    warnings.push(
      `${gone} entries of stream '${stream}' after ${position.id} were removed before they were read and are skipped`,
    )
  }
}

async function noteInGroup(redis: Redis, stream: string, group: string, { id, read }: StreamPosition): Promise<void> {
  const at = read === undefined ? [id] : [id, 'ENTRIESREAD', read]
  try {
    await redis.call('XGROUP', 'SETID', stream, group, ...at)
  } catch (error) {
    if (!(error as Error).message.startsWith('NOGROUP')) throw error
    await redis.call('XGROUP', 'CREATE', stream, group, ...at)
  }
}

async function notedInGroup(redis: Redis, stream: string, group: string): Promise<StreamPosition | undefined> {
  const groups = (await redis.call('XINFO', 'GROUPS', stream)) as unknown[][]
  for (const fields of groups) {
    const facts = Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1]]] : [])))
    if (facts.name !== group) continue
    const read = facts['entries-read'] as number | null
    return { id: String(facts['last-delivered-id']), ...(read === null ? {} : { read }) }
  }
  return undefined
}

/** Returns the greatest id below the first one to read. */
function idBefore(start: Exclude<RedisStart, string>, stream: string): string {
  const first = 'ids' in start ? start.ids[stream] : `${Number(start.timestamp)}-0`
  if (first === undefined) return '0-0'
  const [ms = '0', sequence = '0'] = first.split('-')
  if (BigInt(sequence) > 0n) return `${ms}-${BigInt(sequence) - 1n}`
  return BigInt(ms) > 0n ? `${BigInt(ms) - 1n}-18446744073709551615` : '0-0'
}

function compareIds(a: string, b: string): number {
  const [ams, aseq] = a.split('-').map(BigInt) as [bigint, bigint]
  const [bms, bseq] = b.split('-').map(BigInt) as [bigint, bigint]
  if (ams !== bms) return ams < bms ? -1 : 1
  return aseq === bseq ? 0 : aseq < bseq ? -1 : 1
}

function nameOfRange({ stream, entries, to }: RedisRange): string {
  return `${stream}: ${entries} up to ${to}`
}

function recreated(stream: string, id: string): SourceError {
  return new SourceError(
    `Redis stream '${stream}' ends before ${id}, up to which it was read: it was deleted and created again, or the server lost entries. Start a new application, or a new checkpoint directory, to read it from its beginning.`,
    { details: { stream, id, final: true } },
  )
}
