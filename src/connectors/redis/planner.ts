import { SourceError } from '../../errors.js'
import type { PartLag } from '../../ops/source.js'
import type { RedisClient } from './client.js'

/** How far a stream was read. */
export interface StreamPosition {
  /** The id of the last entry that was read. */
  readonly id: string
  /**
   * The number of entries that were ever added up to `id`. Unknown (undefined) until the end of the stream was reached
   * once.
   */
  readonly read?: number
}

/**
 * The entries of a stream after `from`, up to and including `to`. `entries`: their number when the batch was planned.
 */
export interface RedisRange {
  readonly stream: string
  readonly from: string
  readonly to: string
  readonly entries: number
}

/** Facts about a stream at one moment. */
export interface StreamFacts {
  /** The number of entries that were ever added. */
  readonly added: number
  readonly length: number
  readonly lastId: string
}

export interface StreamPlan {
  readonly ranges: readonly RedisRange[]
  readonly position: StreamPosition
  /** The number of entries that were removed before they were read. */
  readonly gone: number
  readonly facts: StreamFacts
}

/** The most entries that the server visits in one step, which takes about half a millisecond. */
const STEP = 1000

/*
 * Finds, in one atomic step, the id at which a step ends and the number of entries that were ever added. No entry
 * leaves the server. Redis before 7.0 does not count added entries.
 */
const WALK = `
  local type = redis.call('TYPE', KEYS[1]).ok
  if type == 'none' then return false end
  if type ~= 'stream' then return type end
  local facts = {}
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do facts[info[i]] = info[i + 1] end
  if not facts['entries-added'] then return redis.error_reply('ERR millrace needs Redis 7.0 or later') end
  local found = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
  local last = #found > 0 and found[#found][1] or ''
  return { facts['entries-added'], facts['length'], facts['last-generated-id'], #found, last }`

type Walked = readonly [added: number, length: number, lastId: string, found: number, last: string]

async function walk(
  client: RedisClient,
  signal: AbortSignal,
  stream: string,
  from: string,
  most: number,
): Promise<Walked | undefined> {
  const reply = (await client.run(signal, (redis) => redis.call('EVAL', WALK, 1, stream, from, most))) as unknown
  if (typeof reply !== 'string') return (reply ?? undefined) as Walked | undefined
  throw new SourceError(`The key '${stream}' of Redis is a ${reply}. Use the key of a stream.`, {
    details: { stream, type: reply, final: true },
  })
}

/** Returns the facts about a stream; undefined if it does not exist. */
export async function factsOf(
  client: RedisClient,
  signal: AbortSignal,
  stream: string,
): Promise<StreamFacts | undefined> {
  const walked = await walk(client, signal, stream, '0-0', 1)
  return walked ? { added: walked[0], length: walked[1], lastId: walked[2] } : undefined
}

/**
 * Plans up to `most` entries after a position, in ranges of up to `size` entries. Returns undefined if the stream does
 * not exist.
 */
export async function planStream(
  client: RedisClient,
  signal: AbortSignal,
  stream: string,
  position: StreamPosition,
  { most, size }: { readonly most: number; readonly size: number },
): Promise<StreamPlan | undefined> {
  const ranges: RedisRange[] = []
  let open: RedisRange = { stream, from: position.id, to: position.id, entries: 0 }
  let planned = 0
  for (;;) {
    const wanted = Math.min(STEP, most - planned, size - open.entries)
    const walked = await walk(client, signal, stream, open.to, wanted)
    if (!walked) return undefined
    const [added, length, lastId, found, last] = walked
    if (found > 0) open = { ...open, to: last, entries: open.entries + found }
    planned += found
    const isEnd = found < wanted
    const isDone = isEnd || planned >= most
    if (open.entries > 0 && (isDone || open.entries >= size)) {
      ranges.push(open)
      open = { stream, from: open.to, to: open.to, entries: 0 }
    }
    if (!isDone) continue
    const facts = { added, length, lastId }
    const gone = goneEntries(position, planned, facts, isEnd)
    return { ranges, gone, facts, position: positionAfter(position, open.to, planned + gone, facts, isEnd) }
  }
}

/**
 * Counts removed entries. At the end of the stream, all entries after the position are known, so the count is exact.
 * Before the end, only removals at the head of the stream can be counted.
 */
function goneEntries(
  { read }: StreamPosition,
  planned: number,
  { added, length }: StreamFacts,
  isEnd: boolean,
): number {
  if (read === undefined) return 0
  return Math.max(0, isEnd ? added - read - planned : added - length - read)
}

function positionAfter(
  { read }: StreamPosition,
  id: string,
  passed: number,
  { added }: StreamFacts,
  isEnd: boolean,
): StreamPosition {
  if (isEnd) return { id, read: added }
  return read === undefined ? { id } : { id, read: read + passed }
}

/** Returns how far a plan is behind the end of its stream; undefined while the number of entries up to it is unknown. */
export function lagOf(stream: string, { ranges, position, facts }: StreamPlan): PartLag | undefined {
  if (position.read === undefined) return undefined
  const taken = ranges.reduce((sum, { entries }) => sum + entries, 0)
  return { name: stream, taken, left: facts.added - position.read, next: position.id, end: facts.lastId }
}
