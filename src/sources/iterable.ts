import { ArgumentError, StateError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import type { AckAfter, ReceiverSink, ReceiverSource } from '../ops/source.js'
import { nextTurn } from '../ops/wait.js'
import { isData } from '../values/data.js'
import { describe } from '../values/describe.js'
import { messageOf } from '../values/message-of.js'
import { checkRecords } from '../values/records.js'
import { checkInteger, checkOnRecordError } from './check.js'
import { type Feed, isOneShot, isPullable, openFeed, type Pullable } from './feed.js'
import { LoopReceiver } from './loop-receiver.js'
import { pull, type RecordSink } from './pull.js'

export interface IterableOptions<T = unknown> {
  /** The name of the source in errors and events. */
  readonly name?: string
  /**
   * Largest number of records in one chunk (256). A chunk is smaller if fewer records are ready in the same turn of the
   * event loop.
   */
  readonly chunk?: number
  /**
   * The policy for a record that is not data: 'skip' (default) omits it, and a `receiverError` event names the path;
   * 'fail' also ends the source there.
   */
  readonly onRecordError?: 'skip' | 'fail'
  /**
   * Called in order with the records of each chunk once they are safe: see `ackAfter`. Not called for records that were not
   * when the streams stopped.
   */
  readonly onAcknowledged?: (records: readonly T[]) => void
  /**
   * When records are acknowledged: see ReceiverSource (`'stored'`: the write-ahead log has them, if there is one). With
   * `'processed'` they do not go into that log: the next start must find in the iterable what was not acknowledged.
   */
  readonly ackAfter?: AckAfter
}

const NAMES = [
  'name',
  'chunk',
  'onRecordError',
  'onAcknowledged',
  'ackAfter',
] as const satisfies (keyof IterableOptions)[]

/**
 * Receives the records of an iterable, an async iterable, a Node Readable or a web ReadableStream, no faster than the
 * stream accepts them. At its end the source ends without an event of failure; an error of the iterable is reported and
 * ends the source. A stop closes the iterable and waits at most one turn of the event loop for its clean-up.
 *
 * Iterators, generators and streams can be read only once: a second start throws a StateError.
 */
export function iterableSource<T>(iterable: Pullable<T>, options: IterableOptions<T> = {}): ReceiverSource {
  checkNames(options, NAMES, 'fromIterable')
  const { name = 'iterable', chunk = 256, onRecordError = 'skip', ackAfter = 'stored', onAcknowledged } = options
  if (!isPullable(iterable)) {
    throw new ArgumentError(
      `iterable is ${typeof iterable}; it must be an Iterable, an AsyncIterable or a ReadableStream.`,
    )
  }
  checkInteger('chunk', chunk, 1)
  checkOnRecordError(onRecordError)
  if (ackAfter !== 'stored' && ackAfter !== 'processed')
    throw new ArgumentError(`ackAfter is ${describe(ackAfter)}; it must be 'stored' or 'processed'.`, { ackAfter })
  if (onAcknowledged !== undefined && typeof onAcknowledged !== 'function')
    throw new ArgumentError(`onAcknowledged is ${describe(onAcknowledged)}; it must be a function.`)
  const oneShot = isOneShot(iterable)
  let used = false
  const checkUnused = () => {
    if (!used || !oneShot) return
    throw new StateError(`${name} has been read and cannot be read twice. Use an array, or create a new source.`)
  }

  const loop = async (sink: ReceiverSink, signal: AbortSignal, ready: () => void): Promise<void> => {
    checkUnused()
    const feed = openFeed(iterable)
    used = true
    ready()
    const target = onAcknowledged ? acknowledging(sink, onAcknowledged as (records: readonly unknown[]) => void) : sink
    let ended: boolean
    try {
      ended = await pull(feed, chunk, onRecordError === 'fail' ? strict(target, name) : target, signal)
    } catch (error) {
      await close(feed, name, sink, error)
      throw error
    }
    if (!ended) await close(feed, name, sink)
  }
  return {
    kind: 'receiver',
    name,
    codec: 'records',
    ackAfter,
    create: () => {
      checkUnused()
      return new LoopReceiver(name, loop)
    },
  }
}

function acknowledging(sink: ReceiverSink, onAcknowledged: (records: readonly unknown[]) => void): RecordSink {
  return {
    full: () => sink.full(),
    records: (values) => sink.records(values, { ack: () => onAcknowledged(values) }),
  }
}

/** Passes the records before the first one that is not data, then throws for that one. */
function strict(sink: RecordSink, name: string): RecordSink {
  return {
    full: () => sink.full(),
    records: (values) => {
      const bad = values.findIndex((value) => !isData(value))
      if (bad < 0) return sink.records(values)
      sink.records(values.slice(0, bad))
      checkRecords(values.slice(bad, bad + 1), name)
    },
  }
}

/** When it is closed, a failed stream reports the `known` error again. The caller reports that error, once. */
async function close(feed: Feed<unknown>, name: string, sink: ReceiverSink, known?: unknown): Promise<void> {
  let stopped = false
  const failed = (error: unknown) => {
    // After this turn the sink must not be called, and the source has ended either way.
    if (!stopped && error !== known) sink.report(`${name} could not be closed: ${messageOf(error)}`, error)
  }
  const closed = Promise.resolve()
    .then(() => feed.close())
    .catch(failed)
  await Promise.race([closed, nextTurn()])
  stopped = true
}
