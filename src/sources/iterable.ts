import { ArgumentError, StateError } from '../errors.js'
import type { ReceiverSink, ReceiverSource } from '../ops/source.js'
import { nextTurn } from '../ops/wait.js'
import { isData } from '../values/data.js'
import { describe } from '../values/describe.js'
import { messageOf } from '../values/message-of.js'
import { checkRecords } from '../values/records.js'
import { checkInteger } from './check.js'
import { type Feed, isOneShot, isPullable, openFeed, type Pullable } from './feed.js'
import { LoopReceiver } from './loop-receiver.js'
import { pull } from './pull.js'

export interface IterableOptions {
  readonly name?: string
  /** Records handed on together, at most: 256 unless given. Fewer, if no more are there in the same turn. */
  readonly chunk?: number
  /**
   * A record that is not data: 'skip' leaves it out, and a `receiverError` event names the path (default); 'fail' reports it
   * in the same way and ends the source there.
   */
  readonly onRecordError?: 'skip' | 'fail'
}

/**
 * The records of an iterable, an async iterable, a Node Readable or a web ReadableStream, pulled no faster than the
 * stream takes them. At its end the source ends quietly; an error of the iterable is reported and ends the source.
 * Stopping closes the iterable, without waiting longer than a turn for what it does then.
 *
 * Iterators, generators and streams can be read once: a second start throws a StateError.
 */
export function iterableSource<T>(iterable: Pullable<T>, options: IterableOptions = {}): ReceiverSource {
  const { name = 'iterable', chunk = 256, onRecordError = 'skip' } = options
  if (!isPullable(iterable)) {
    throw new ArgumentError(`iterable is ${typeof iterable}; give an Iterable, an AsyncIterable or a ReadableStream.`)
  }
  checkInteger('chunk', chunk, 1)
  if (onRecordError !== 'skip' && onRecordError !== 'fail') {
    throw new ArgumentError(`onRecordError is ${describe(onRecordError)}; give 'skip' or 'fail'.`, { onRecordError })
  }
  const oneShot = isOneShot(iterable)
  let used = false
  const checkUnused = () => {
    if (!used || !oneShot) return
    throw new StateError(`${name} was read already and cannot be read twice. Give an array, or make a new source.`)
  }

  const loop = async (sink: ReceiverSink, signal: AbortSignal, ready: () => void): Promise<void> => {
    checkUnused()
    const feed = openFeed(iterable)
    used = true
    ready()
    let ended: boolean
    try {
      ended = await pull(feed, chunk, onRecordError === 'fail' ? strict(sink, name) : sink, signal)
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
    create: () => {
      checkUnused()
      return new LoopReceiver(name, loop)
    },
  }
}

/** Takes the records before one that is not data, and throws for that. */
function strict(sink: ReceiverSink, name: string): Pick<ReceiverSink, 'records' | 'full'> {
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

/** A failed stream answers a close with the `known` error again; that is reported once, by the caller. */
async function close(feed: Feed<unknown>, name: string, sink: ReceiverSink, known?: unknown): Promise<void> {
  let stopped = false
  const failed = (error: unknown) => {
    // After the turn nobody may call the sink, and the source is ended in any case.
    if (!stopped && error !== known) sink.report(`${name} could not be closed: ${messageOf(error)}`, error)
  }
  const closed = Promise.resolve()
    .then(() => feed.close())
    .catch(failed)
  await Promise.race([closed, nextTurn()])
  stopped = true
}
