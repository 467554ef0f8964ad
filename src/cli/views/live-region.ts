import type { Writable } from 'node:stream'

type Stream = Pick<Writable, 'write'>

/**
 * Lines at the end of a terminal that are drawn over and over. What anybody else writes to the terminal meanwhile, on
 * any of its streams, goes above them: the region is erased first and comes back with the next `show`.
 */
export class LiveRegion {
  readonly #write: (text: string) => void
  readonly #restore: (() => void)[]
  #height = 0
  /** Somebody's last line is not ended yet. */
  #midLine = false

  /** Draws on `stream`; `others` are streams that end at the same terminal. */
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

  /** Gives the streams back; what is shown stays. */
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

/** Up so many lines, to the first column, and all from there away. */
function erase(lines: number): string {
  return lines === 0 ? '' : `\x1b[${lines}A\r\x1b[J`
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk.at(-1) === 0x0a
}
