import type { Writable } from 'node:stream'

type Stream = Pick<Writable, 'write'>

/**
 * Lines at the end of a terminal that are redrawn in place. If another writer, on any stream to the same terminal,
 * writes something, the region is erased first, and the next `show` draws it below.
 */
export class LiveRegion {
  readonly #write: (text: string) => void
  readonly #restore: (() => void)[]
  #height = 0
  /** Whether the last output of another writer did not end its line. */
  #midLine = false

  /** Draws on `stream`. `others`: further streams to the same terminal. */
  constructor(stream: Stream, others: readonly Stream[] = []) {
    this.#write = stream.write.bind(stream)
    this.#restore = [stream, ...others].map((each) => this.#watch(each))
  }

  show(lines: readonly string[]): void {
    const start = this.#midLine ? '\n' : erase(this.#height)
    this.#write(`${start}${lines.join('\n')}\n`)
    this.#height = lines.length
    this.#midLine = false
  }

  /** Erases the drawn lines. */
  clear(): void {
    if (this.#height > 0) this.#write(erase(this.#height))
    this.#height = 0
  }

  /** Restores the streams. The drawn lines stay. */
  close(): void {
    for (const restore of this.#restore.splice(0)) restore()
  }

  #watch(stream: Stream): () => void {
    const original = stream.write
    const write = original.bind(stream) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
      if (this.#height > 0) this.#write(erase(this.#height))
      this.#height = 0
      if (chunk.length > 0) this.#midLine = !endsLine(chunk)
      return write(chunk, ...rest)
    }
    return () => {
      stream.write = original
    }
  }
}

/** Returns the sequence that moves the cursor up by `lines` to the first column, and erases everything below. */
function erase(lines: number): string {
  return lines === 0 ? '' : `\x1b[${lines}A\r\x1b[J`
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk.at(-1) === 0x0a
}
