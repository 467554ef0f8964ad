import type { Writable } from 'node:stream'

type Stream = Pick<Writable, 'write'>

/**
 * Lines at the end of a terminal that are redrawn in place. Other output to the terminal, on any of its streams, goes
 * above them: the region is erased first and redrawn by the next `show`.
 */
export class LiveRegion {
  readonly #write: (text: string) => void
  readonly #restore: (() => void)[]
  #height = 0
  /** Whether other output has begun a line and not ended it. */
  #midLine = false

  /** Draws on `stream`; `others` are streams to the same terminal. */
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

  /** Restores the streams; the shown lines stay. */
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

/** Moves the cursor up by `lines`, to the first column, and erases everything from there. */
function erase(lines: number): string {
  return lines === 0 ? '' : `\x1b[${lines}A\r\x1b[J`
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk.at(-1) === 0x0a
}
