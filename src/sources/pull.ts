import type { ReceiverSink } from '../ops/source.js'
import { nextTurn, until } from '../ops/wait.js'
import { recordSize } from '../values/record-size.js'
import type { Feed } from './feed.js'

/** The part of a sink that records go into. */
type RecordSink = Pick<ReceiverSink, 'records' | 'full'>

/** A chunk of fewer records that are larger ends here: the sink is asked for room after each chunk only. */
const CHUNK_BYTES = 1024 * 1024

/**
 * Hands on what the feed gives, up to `chunk` records at a time. True at the feed's end, false when `signal` was
 * aborted before. What was pulled before a fault is handed on before the fault is thrown.
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
    // The first record of a turn may take long to come; those after it are taken as long as the turn lasts.
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

/** Backpressure; and where there is none, a turn for everybody else: an endless iterable would never yield it. */
async function room(sink: RecordSink, signal: AbortSignal): Promise<void> {
  const full = sink.full()
  await (full ? until(full, signal) : nextTurn())
}
