import type { ReceiverSink } from '../ops/source.js'
import { nextTurn, until } from '../ops/wait.js'
import { recordSize } from '../values/record-size.js'
import type { Feed } from './feed.js'

/** The methods of a sink for records. */
export interface RecordSink extends Pick<ReceiverSink, 'full'> {
  records(values: readonly unknown[]): void
}

/** Bytes at which a chunk of large records ends: the sink is checked for room only after each chunk. */
const CHUNK_BYTES = 1024 * 1024

/**
 * Forwards the records of the feed, up to `chunk` at a time. Returns true at the feed's end, false if `signal` aborted
 * earlier. If the feed throws, records that were read before are forwarded first.
 */
export function pull<T>(feed: Feed<T>, chunk: number, sink: RecordSink, signal: AbortSignal): Promise<boolean> {
  return feed.sync ? pullNow(feed, chunk, sink, signal) : pullLater(feed, chunk, sink, signal)
}

async function pullNow<T>(feed: Feed<T>, chunk: number, sink: RecordSink, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const records: T[] = []
    let bytes = 0
    let done = false
    try {
      while (!done && records.length < chunk && bytes < CHUNK_BYTES) {
        const result = feed.next() as IteratorResult<T>
        if (result.done) {
          done = true
        } else {
          records.push(result.value)
          bytes += recordSize(result.value)
        }
      }
    } finally {
      if (records.length > 0) sink.records(records)
    }
    if (done) return true
    await room(sink, signal)
  }
  return false
}

async function pullLater<T>(feed: Feed<T>, chunk: number, sink: RecordSink, signal: AbortSignal): Promise<boolean> {
  let pending: Promise<IteratorResult<T>> | undefined
  while (!signal.aborted) {
    pending ??= Promise.resolve(feed.next())
    let result = await until(pending, signal)
    if (!result) return false
    if (result.done) return true
    pending = undefined
    // The first record of a turn may take long to arrive; further ones are read while the turn lasts.
    const turn = nextTurn()
    const records = [result.value]
    let bytes = recordSize(result.value)
    try {
      while (records.length < chunk && bytes < CHUNK_BYTES) {
        pending = Promise.resolve(feed.next())
        result = await Promise.race([pending, turn])
        if (!result || result.done) break
        pending = undefined
        records.push(result.value)
        bytes += recordSize(result.value)
      }
    } finally {
      sink.records(records)
    }
    if (result?.done) return true
    await room(sink, signal)
  }
  return false
}

/** Waits for room; if there is room, lets other work run for a turn, which an endless iterable would never do. */
async function room(sink: RecordSink, signal: AbortSignal): Promise<void> {
  const full = sink.full()
  await (full ? until(full, signal) : nextTurn())
}
