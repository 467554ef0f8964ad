/** An event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** The last id that the server has sent; '' before the first. */
  readonly id: string
  /** The type: 'message' unless the server names one. */
  readonly event: string
  readonly data: string
}

export interface ParserListener {
  /** The server asks to wait so many ms before a reconnection. */
  retry(ms: number): void
  /** An event was dropped, because it is larger than the limit. */
  tooLarge(chars: number): void
}

/**
 * Parses a `text/event-stream` as the HTML standard says: lines end with CR, LF or both, an event ends with a blank line, and an
 * unfinished event at the end is dropped. Characters and line ends may be cut anywhere.
 */
export class SseParser {
  readonly #maxChars: number
  readonly #listener: ParserListener
  readonly #decoder = new TextDecoder()
  #line = ''
  /** The last character was a CR, so that an LF belongs to it. */
  #afterCr = false
  #data: string[] = []
  #chars = 0
  #event = ''
  /** The id of the present event and of those that follow; of the last event once it is dispatched. */
  #id: string
  #lastId: string

  constructor(maxChars: number, lastId: string, listener: ParserListener) {
    this.#maxChars = maxChars
    this.#listener = listener
    this.#id = this.#lastId = lastId
  }

  /** The id of the last event that was returned. */
  get lastId(): string {
    return this.#lastId
  }

  /** Whether an event has begun and not ended. */
  get isInside(): boolean {
    return this.#line !== '' || this.#data.length > 0
  }

  /** Returns the events that end in this chunk. */
  push(chunk: Uint8Array): ServerSentEvent[] {
    const events: ServerSentEvent[] = []
    let text = this.#decoder.decode(chunk, { stream: true })
    if (this.#afterCr && text.startsWith('\n')) text = text.slice(1)
    if (text === '') return events
    this.#afterCr = text.endsWith('\r')
    const lines = text.split(/\r\n|\n|\r/)
    lines[0] = this.#line + lines[0]!
    this.#line = lines.pop()!
    for (const line of lines) {
      const event = this.#take(line)
      if (event) events.push(event)
    }
    if (this.#line.length > this.#maxChars) {
      this.#chars += this.#line.length
      // The line goes on as one without meaning.
      this.#line = ':'
    }
    return events
  }

  #take(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    if (colon === 0) return undefined
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') this.#addData(value)
    else if (field === 'event') this.#event = value
    else if (field === 'id' && !value.includes('\0')) this.#id = value
    else if (field === 'retry' && /^\d+$/.test(value)) this.#listener.retry(Number(value))
    return undefined
  }

  #addData(value: string): void {
    this.#chars += value.length + 1
    if (this.#chars <= this.#maxChars) this.#data.push(value)
  }

  #dispatch(): ServerSentEvent | undefined {
    const chars = this.#chars
    const data = this.#data
    const event = this.#event || 'message'
    this.#data = []
    this.#chars = 0
    this.#event = ''
    this.#lastId = this.#id
    if (chars > this.#maxChars) this.#listener.tooLarge(chars)
    else if (data.length > 0) return { id: this.#id, event, data: data.join('\n') }
    return undefined
  }
}
