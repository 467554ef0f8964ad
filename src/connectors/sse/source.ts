import type { Agent, IncomingMessage } from 'node:http'
import { SourceError } from '../../errors.js'
import type { ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { delay } from '../../ops/wait.js'
import { type DelayLimits, LONGEST_TIMER, type ReconnectDelay, reconnectDelay } from '../../sources/check.js'
import { attempt, type BodyReader } from '../../sources/http-body.js'
import { type HttpTarget, place } from '../../sources/http-open.js'
import { HttpRetry } from '../../sources/http-retry.js'
import { LoopReceiver } from '../../sources/loop-receiver.js'
import { messageOf } from '../../values/message-of.js'
import { OptionCheck } from '../options.js'
import { type ServerSentEvent, SseParser } from './parser.js'

export interface SseOptions {
  readonly url: string | URL
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Content of a record: `'text'` (default), the data of an event; `'json'`, the data, parsed; `'event'`, an object with
   * `id`, `event` and `data`.
   */
  readonly value?: 'text' | 'json' | 'event'
  /** Types of events to read (all). */
  readonly events?: readonly string[]
  /** Id of the last event that an earlier process read (none). The server sends the events after it. */
  readonly lastEventId?: string
  /**
   * Pause before a reconnect after a network error (`{ min: 250, max: 16000 }`, in ms or as '16s'). It grows by `min`
   * up to `max`. The server's `retry` replaces `min`.
   */
  readonly reconnectDelay?: ReconnectDelay
  /** Milliseconds without a byte, comments included, before the source reconnects (45,000). 0: no limit. */
  readonly idleTimeout?: number
  /** Characters of the largest event (16 Mi). A larger one is dropped and reported. */
  readonly maxEventChars?: number
  /** Agent of the requests, for certificates and proxies. */
  readonly agent?: Agent
}

/** The type of the records that a source with these options yields. */
export type SseRecordOf<O extends SseOptions> = O['value'] extends 'event'
  ? ServerSentEvent
  : O['value'] extends 'json'
    ? // biome-ignore lint/suspicious/noExplicitAny: JSON may be anything; users name its type in input<T>().
      any
    : string

const NAMES = [
  'url',
  'headers',
  'value',
  'events',
  'lastEventId',
  'reconnectDelay',
  'idleTimeout',
  'maxEventChars',
  'agent',
] as const satisfies (keyof SseOptions)[]

interface Settings {
  readonly name: string
  readonly target: HttpTarget
  readonly value: 'text' | 'json' | 'event'
  readonly events: ReadonlySet<string> | undefined
  readonly lastEventId: string
  readonly reconnect: DelayLimits
  readonly idleTimeout: number
  readonly maxEventChars: number
}

/**
 * Receives server-sent events. If events have ids, a reconnect resumes after the last event by `Last-Event-ID`. Without
 * ids, events that the server sends while the connection is down are lost, and the report of the lost connection says
 * so. A response with status 204 ends the input. Status 400, 401, 403, 404 and responses of another content type are
 * final errors.
 *
 * @throws ArgumentError that names the option.
 */
export function sseSource<const O extends SseOptions>(options: O): ReceiverSource<SseRecordOf<O>> {
  const settings = check(options)
  const { name } = settings
  // The position survives restarts of the receiver.
  const position: Position = { id: settings.lastEventId, retry: undefined, hasEvents: false }
  const loop = (sink: ReceiverSink, signal: AbortSignal, ready: () => void) =>
    receive(settings, position, { sink, signal, ready })
  return { kind: 'receiver', name, codec: 'records', create: () => new LoopReceiver(name, loop) }
}

/** Where the next connection resumes. */
interface Position {
  id: string
  /** The pause that the server requests, in ms. */
  retry: number | undefined
  /** Whether any event has arrived. */
  hasEvents: boolean
}

interface Run {
  readonly sink: ReceiverSink
  readonly signal: AbortSignal
  readonly ready: () => void
}

async function receive(settings: Settings, position: Position, { sink, signal, ready }: Run): Promise<void> {
  const { name, target, idleTimeout, reconnect } = settings
  const times = { reconnect, httpError: 5000, rateLimit: 60_000, now: Date.now }
  const retry = new HttpRetry(times)
  while (!signal.aborted) {
    const id: Record<string, string> = position.id === '' ? {} : { 'last-event-id': position.id }
    const asked = { ...target, headers: { ...target.headers, ...id } }
    const body = new EventReader(settings, position, sink)
    const lost = await attempt({ name, target: asked, idleTimeout, sink, signal, ready, retry, body })
    ready()
    if (signal.aborted || body.hasEnded) return
    const wait = Math.max(lost.wait, position.retry ?? 0)
    sink.report(`${name}: ${lost.reason}. Connecting again in ${wait} ms.${gapAfter(position)}`, lost.cause)
    await delay(wait, signal)
  }
}

/** Returns a sentence for the report: what happens to events until the next connection. */
function gapAfter({ id, hasEvents }: Position): string {
  if (id !== '') return ` It continues after event ${id}.`
  return hasEvents ? ' Events that the server sends until then are lost, because they have no ids.' : ''
}

/** Stores the events of one response. */
class EventReader implements BodyReader {
  /** Whether the server ended the input with status 204. */
  hasEnded = false
  readonly #settings: Settings
  readonly #position: Position
  readonly #sink: ReceiverSink
  readonly #parser: SseParser

  constructor(settings: Settings, position: Position, sink: ReceiverSink) {
    const { name, maxEventChars } = settings
    this.#settings = settings
    this.#position = position
    this.#sink = sink
    this.#parser = new SseParser(maxEventChars, position.id, {
      retry: (ms) => {
        position.retry = Math.min(ms, settings.reconnect.max)
      },
      tooLarge: (chars) =>
        sink.report(`${name}: an event of ${chars} characters was dropped, maxEventChars is ${maxEventChars}.`),
    })
  }

  head(response: IncomingMessage): void {
    this.hasEnded = response.statusCode === 204
    const type = response.headers['content-type']?.replace(/;.*/s, '').trim().toLowerCase()
    if (this.hasEnded || type === 'text/event-stream') return
    response.destroy()
    throw new SourceError(
      `${this.#settings.name}: the answer is of type ${type ?? 'none'}; server-sent events are text/event-stream. Check the URL.`,
      { details: { final: true, type } },
    )
  }

  *take(chunk: Buffer): Iterable<unknown> {
    const { events, value } = this.#settings
    const records: unknown[] = []
    for (const event of this.#parser.push(chunk)) {
      this.#position.hasEvents = true
      if (events && !events.has(event.event)) continue
      if (value === 'json') this.#parse(event.data, records)
      else records.push(value === 'text' ? event.data : event)
    }
    if (records.length > 0) this.#sink.records(records)
    this.#position.id = this.#parser.lastId
    yield
  }

  complete(): void {}

  broken(): string | undefined {
    return this.#parser.isInside ? 'an unfinished event was dropped' : undefined
  }

  #parse(data: string, records: unknown[]): void {
    try {
      records.push(JSON.parse(data))
    } catch (error) {
      this.#sink.report(`${this.#settings.name}: an event is not JSON and was skipped: ${messageOf(error)}`, error)
    }
  }
}

function check(options: SseOptions): Settings {
  const checked = new OptionCheck('sseSource')
  checked.names(options, NAMES)
  const { headers = {}, value = 'text', events, lastEventId = '', idleTimeout = 45_000, agent } = options
  const { maxEventChars = 16 * 1024 * 1024 } = options
  const url = URL.canParse(String(options.url)) ? new URL(options.url) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw checked.wrong('url', String(options.url), 'an absolute http or https URL')
  if (events !== undefined) checked.texts('events', events, 'an array of event types')
  if (typeof lastEventId !== 'string') throw checked.wrong('lastEventId', lastEventId, 'the id of an event')
  return {
    name: `sse ${place(url)}`,
    target: { url, method: 'GET', headers: { accept: 'text/event-stream', ...headers }, agent },
    value: checked.oneOf('value', value, ['text', 'json', 'event']),
    events: events && new Set(events),
    lastEventId,
    reconnect: reconnectDelay(options.reconnectDelay, { min: 250, max: 16_000 }),
    idleTimeout: checked.integer('idleTimeout', idleTimeout, 0, LONGEST_TIMER),
    maxEventChars: checked.integer('maxEventChars', maxEventChars, 1),
  }
}
