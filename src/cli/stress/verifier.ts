import type { OutputBatch } from '../../index.js'
import { type Difference, difference, missingAndExtra } from './compare.js'
import type { Answer, Oracle } from './oracle/oracle.js'
import { SERIALS } from './pipelines/params.js'

export interface Verification {
  /** Number of batches with at least one wrong output. */
  readonly wrong: number
  readonly lost: number
  readonly duplicated: number
  readonly first: Difference | undefined
}

/** Compares every batch of every output with the oracle. Each output arrives in the order of batches. */
export class Verifier {
  readonly #oracle: Oracle
  readonly #interval: number
  /** Expected records that are not compared yet, by batch and output. */
  readonly #answers = new Map<number, Map<string, Answer>>()
  readonly #sizes: number[] = [0]
  readonly #wrong = new Set<number>()
  #asked = 0
  #lost = 0
  #duplicated = 0
  #first: Difference | undefined

  constructor(oracle: Oracle, interval: number) {
    this.#oracle = oracle
    this.#interval = interval
  }

  /** Returns the number of input records of a batch. */
  size(batch: number): number {
    this.#ask(batch)
    return this.#sizes[batch]!
  }

  check(output: string, { time, records }: OutputBatch): void {
    const batch = time / this.#interval
    this.#ask(batch)
    const answers = this.#answers.get(batch)
    const answer = answers?.get(output)
    answers?.delete(output)
    if (answers?.size === 0) this.#answers.delete(batch)
    this.#compare(batch, output, answer, records)
  }

  /** Counts outputs that did not arrive, up to batch `batches`, as wrong. Returns the result. */
  finish(batches: number): Verification {
    if (batches > 0) this.#ask(batches)
    for (const [batch, answers] of this.#answers) {
      if (batch > batches) continue
      for (const [output, answer] of answers) this.#compare(batch, output, answer, undefined)
    }
    return { wrong: this.#wrong.size, lost: this.#lost, duplicated: this.#duplicated, first: this.#first }
  }

  #ask(batch: number): void {
    while (this.#asked < batch) {
      this.#answers.set(++this.#asked, new Map(Object.entries(this.#oracle.next(this.#asked))))
      this.#sizes.push(this.#oracle.records)
    }
  }

  /** Compares an output. Without an expected answer, the output fired too often; without `got`, it is missing. */
  #compare(batch: number, output: string, answer: Answer | undefined, got: readonly unknown[] | undefined): void {
    const found =
      answer && got ? difference(answer, got) : { key: 'the batch', expected: whole(answer), got: whole(got) }
    if (!found) return
    this.#wrong.add(batch)
    if (!this.#first || batch < this.#first.batch) this.#first = { batch, output, ...found }
    if (output !== SERIALS) return
    const { missing, extra } = missingAndExtra(answer ?? { records: [] }, got ?? [])
    this.#lost += missing
    this.#duplicated += extra
  }
}

function whole(side: Answer | readonly unknown[] | undefined): string[] {
  if (!side) return []
  const { length } = 'records' in side ? side.records : side
  return [`${length} records`]
}
