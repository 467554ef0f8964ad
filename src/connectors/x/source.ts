import { SourceError } from '../../errors.js'
import type { ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { type Delay, delay as realDelay, until } from '../../ops/wait.js'
import { HttpRetry } from '../../sources/http-retry.js'
import { IdleTimer } from '../../sources/idle-timer.js'
import { LineGate } from '../../sources/line-gate.js'
import { LoopReceiver } from '../../sources/loop-receiver.js'
import { messageOf } from '../../values/message-of.js'
import { type CheckedXOptions, checkXOptions, type XFilteredOptions } from './options.js'
import { Posts, type XPost } from './posts.js'
import { Refusal, XApi } from './request.js'
import { syncRules } from './rules.js'

/** X sends an empty line at least this often. A stream that is silent for longer has failed. */
const KEEP_ALIVE_MS = 20_000
/** The pauses that X requires before reconnects. See HttpRetry. */
const PAUSES = { reconnect: { min: 250, max: 16_000 }, httpError: 5000, rateLimit: 60_000 }
const LONGEST_LINE = 4 * 1024 * 1024

/** The clock and the pauses, which tests replace. */
export interface XClock {
  readonly delay: Delay
  readonly now: () => number
  readonly keepAliveMs: number
}

const REAL: XClock = { delay: realDelay, now: Date.now, keepAliveMs: KEEP_ALIVE_MS }

/**
 * Receives the posts of X's filtered stream, as objects in the form of the API. Sets the rules, watches the
 * keep-alives, reconnects after the pauses that X requires, and reports periods from which posts may be missing.
 *
 * @throws ArgumentError that names the option.
 */
export function xFilteredSource(options: XFilteredOptions): ReceiverSource<XPost> {
  return filteredSource(checkXOptions(options), REAL)
}

/** @internal Creates the source with a test's clock. */
export function filteredSource(options: CheckedXOptions, clock: XClock): ReceiverSource<XPost> {
  const name = `x filtered stream ${options.url.host}`
  const loop = async (sink: ReceiverSink, signal: AbortSignal, ready: () => void): Promise<void> => {
    const connection = new Connection(name, options, clock, sink, signal)
    const retry = new HttpRetry({ ...PAUSES, now: clock.now })
    while (!signal.aborted) {
      const { reason, wait, cause } = await connection.run(retry, ready)
      ready()
      if (signal.aborted) return
      sink.report(`${name}: ${reason}. Connecting again in ${wait} ms.`, cause)
      await clock.delay(wait, signal)
    }
  }
  return { kind: 'receiver', name, codec: 'records', create: () => new LoopReceiver(name, loop) }
}

interface Lost {
  readonly reason: string
  readonly wait: number
  readonly cause?: unknown
}

class Connection {
  readonly #name: string
  readonly #options: CheckedXOptions
  readonly #clock: XClock
  readonly #sink: ReceiverSink
  readonly #signal: AbortSignal
  readonly #api: XApi
  readonly #posts: Posts
  #hasRules = false
  /** The time at which the last byte of the stream arrived. */
  #heardAt: number | undefined
  #idle!: IdleTimer
  #lines: LineGate

  constructor(name: string, options: CheckedXOptions, clock: XClock, sink: ReceiverSink, signal: AbortSignal) {
    this.#name = name
    this.#options = options
    this.#clock = clock
    this.#sink = sink
    this.#signal = signal
    this.#api = new XApi(name, options)
    this.#posts = new Posts(options.remember, (message) => sink.report(`${name}: ${message}.`))
    this.#lines = this.#newLines()
  }

  /** Runs one connection, from the request to its end. Rejects for final errors only. */
  async run(retry: HttpRetry, ready: () => void): Promise<Lost> {
    this.#idle = new IdleTimer(this.#clock.keepAliveMs, this.#signal)
    this.#lines = this.#newLines()
    let hasWorked = false
    try {
      await this.#setRules()
      const response = await this.#api.stream(this.#idle.signal)
      this.#connected()
      ready()
      for await (const chunk of response as AsyncIterable<Buffer>) {
        hasWorked = true
        await this.#take(chunk)
      }
      return { reason: 'X has closed the stream', wait: hasWorked ? retry.drop() : retry.network() }
    } catch (error) {
      if (error instanceof SourceError) throw error
      if (error instanceof Refusal) return this.#refused(error, retry)
      const isSilent = this.#idle.expired
      const wait = hasWorked ? retry.drop() : retry.network()
      if (isSilent) return { reason: `nothing was heard for ${this.#clock.keepAliveMs} ms`, wait }
      const message = `${this.#name} cannot be reached: ${messageOf(error)}. Check url and the network.`
      return { reason: messageOf(error), wait, cause: new SourceError(message, { cause: error }) }
    } finally {
      this.#idle.end()
    }
  }

  #newLines(): LineGate {
    return new LineGate(LONGEST_LINE, (bytes) =>
      this.#sink.report(`${this.#name}: a line of ${bytes} bytes was dropped, of at most ${LONGEST_LINE}.`),
    )
  }

  async #setRules(): Promise<void> {
    const { rules } = this.#options
    if (rules === undefined || this.#hasRules) return
    await syncRules(rules, this.#api, this.#name, this.#idle.signal)
    this.#hasRules = true
  }

  #refused(refusal: Refusal, retry: HttpRetry): Lost {
    const { status, headers, message } = refusal
    if (status === 409 && this.#options.rules === undefined) {
      throw new SourceError(
        `${this.#name}: ${message}. The stream has no rules: set the option rules. It is not requested again.`,
        {
          details: { final: true, status },
        },
      )
    }
    // Another client has deleted the rules, so the next connection sets them again.
    if (status === 409) this.#hasRules = false
    return { reason: message, wait: retry.status(status, headers) }
  }

  /** Reports the time since the previous connection received its last byte. */
  #connected(): void {
    const now = this.#clock.now()
    const { backfillMs } = this.#options
    if (this.#heardAt !== undefined) {
      const gap = `nothing was received from ${iso(this.#heardAt)} to ${iso(now)} (${now - this.#heardAt} ms)`
      const isCovered = now - this.#heardAt <= backfillMs
      this.#sink.report(
        `${this.#name}: ${gap}; ${isCovered ? 'X repeats these posts' : 'posts of this time are missing'}.`,
      )
    }
    this.#heardAt = now
    this.#idle.touch()
  }

  async #take(chunk: Buffer): Promise<void> {
    this.#idle.touch()
    this.#heardAt = this.#clock.now()
    // The views that the gate returns are valid for one step only.
    const pieces = Array.from(this.#lines.pieces(chunk), (piece) => Buffer.from(piece))
    const lines = Buffer.concat(pieces).toString('utf8').split('\n')
    const posts = lines.flatMap((line): XPost[] => {
      const text = line.trim()
      const post = text === '' ? undefined : this.#posts.read(text)
      return post ? [post] : []
    })
    if (posts.length === 0) return
    this.#sink.records(posts)
    const room = this.#sink.full()
    if (!room) return
    // A pause is no silence of X, so its time does not count. X disconnects readers that are slow for long.
    this.#idle.pause()
    await until(room, this.#signal)
    this.#signal.throwIfAborted()
    this.#idle.touch()
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
