/** An event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** The last id that the server has sent; '' if it has sent none. */
  readonly id: string
  /** The event's type: 'message' unless the server names another. */
  readonly event: string
  readonly data: string
}

export interface ParserListener {
  /** Called when the server requests a pause before reconnects. */
  retry(ms: number): void
  /** Called when an event above the limit was dropped. */
  tooLarge(chars: number): void
}

/**
 * Parses a `text/event-stream` as the HTML standard defines: lines end with CR, LF or both, a blank line ends an event,
 * and an unfinished event at the end is dropped. Chunks may end inside of a character or a line end.
 */
export class SseParser {
  readonly #maxChars: number
  readonly #listener: ParserListener
  readonly #decoder = new TextDecoder()
  #line = ''
  /** Whether the last character was a CR. A following LF belongs to the same line end. */
  #afterCr = false
  #data: string[] = []
  #chars = 0
  #event = ''
  /** The id of the current event, which later events without an id inherit. */
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

  /** Whether the stream is inside of an event. */
  get isInside(): boolean {
    return this.#line !== '' || this.#data.length > 0
  }

  /** Adds a chunk, and returns the events that it completes. */
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
      // The rest of the line is read as a comment.
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
