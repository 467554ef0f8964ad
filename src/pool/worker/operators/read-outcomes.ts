import { eachLines } from '../../blocks/text.js'
import type { Piece } from '../runtime/local-input.js'
import type { Outcome } from './rejecting.js'
import { letterOf } from './rejects.js'

/** Turns what a reader yields and rejects into outcomes, as those of steps, so that records and dead letters come from one read. */
export class ReadOutcomes {
  readonly #operation: string
  #letters: Outcome[] = []

  constructor(operation: string) {
    this.#operation = operation
  }

  reject(record: unknown, error: unknown): void {
    this.#letters.push([undefined, letterOf(this.#operation, record, error)])
  }

  /** Returns the outcomes since the piece before. */
  *of(pieces: Iterable<Piece>): Generator<readonly Outcome[]> {
    for (const piece of pieces) {
      yield* this.#rejected()
      if (!Buffer.isBuffer(piece)) yield made(piece as readonly unknown[])
      else for (const lines of linesOf(piece)) yield made(lines)
    }
    yield* this.#rejected()
  }

  *#rejected(): Generator<readonly Outcome[]> {
    if (this.#letters.length === 0) return
    const letters = this.#letters
    this.#letters = []
    yield letters
  }
}

function made(records: readonly unknown[]): Outcome[] {
  return records.map((record) => [record])
}

function linesOf(text: Buffer): string[][] {
  const pieces: string[][] = []
  eachLines(text, (lines) => pieces.push(lines))
  return pieces
}
