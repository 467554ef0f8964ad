import type { ReceiverSink } from '#build/ops/source.js'

export interface Report {
  readonly message: string
  readonly cause?: unknown
}

/** A sink of one small piece of shared memory, so that lines are split, which keeps all that it is told. */
export class FakeSink implements ReceiverSink {
  readonly #abort = new AbortController()
  readonly #memory: SharedArrayBuffer
  readonly #bytes: Buffer[] = []
  readonly #watchers = new Set<() => void>()
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
  readonly reports: Report[] = []
  readonly calls: (readonly unknown[])[] = []
  advances = 0
  texts = 0
  ends = 0
  stops = 0
  /** Blocks itself after each call that brings data. */
  blockEach = false
  fullAsked = 0

  constructor(memory = 7) {
    this.#memory = new SharedArrayBuffer(memory)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  space(): Buffer {
    return Buffer.from(this.#memory)
  }

  advance(bytes: number): void {
    this.advances++
    this.#take(Buffer.from(Buffer.from(this.#memory, 0, bytes)))
  }

  text(bytes: Uint8Array): void {
    this.texts++
    this.#take(Buffer.from(bytes))
  }

  endOfText(): void {
    this.ends++
    const text = this.text8
    if (text !== '' && !text.endsWith('\n')) this.#bytes.push(Buffer.from('\n'))
    this.#changed()
  }

  records(values: readonly unknown[]): void {
    this.calls.push(values)
    if (this.blockEach) this.block()
    this.#changed()
  }

  full(): Promise<void> | undefined {
    this.fullAsked++
    return this.#room?.promise
  }

  report(message: string, cause?: unknown): void {
    this.reports.push({ message, cause })
    this.#changed()
  }

  restart(message: string, cause?: unknown): void {
    this.reports.push({ message, cause })
    this.#changed()
  }

  stop(): void {
    this.stops++
    this.#changed()
  }

  block(): void {
    let resolve = () => {}
    const promise = new Promise<void>((done) => {
      resolve = done
    })
    this.#room ??= { promise, resolve }
  }

  release(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  abort(): void {
    this.#abort.abort()
  }

  get byteCount(): number {
    return this.#bytes.reduce((sum, piece) => sum + piece.length, 0)
  }

  get text8(): string {
    return Buffer.concat(this.#bytes).toString()
  }

  get lines(): string[] {
    return this.text8.split('\n').slice(0, -1)
  }

  get values(): unknown[] {
    return this.calls.flat()
  }

  /** Resolves at the first call on the sink after which `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return
    await new Promise<void>((resolve) => {
      const watch = () => {
        if (!condition()) return
        this.#watchers.delete(watch)
        resolve()
      }
      this.#watchers.add(watch)
    })
  }

  #take(bytes: Buffer): void {
    this.#bytes.push(bytes)
    if (this.blockEach) this.block()
    this.#changed()
  }

  #changed(): void {
    for (const watch of this.#watchers) watch()
  }
}

/** A delay of no time that keeps what was asked for. `before` runs at each wait, with the number of waits so far. */
export function recordedDelay(before: (count: number) => unknown = () => undefined) {
  const waits: number[] = []
  const delay = async (ms: number): Promise<void> => {
    waits.push(ms)
    await before(waits.length)
    // A macrotask, as real time would bring: sockets get their turn.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { waits, delay }
}
