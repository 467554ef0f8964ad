import { isData } from '../../../values/data.js'
import { recordSize } from '../../../values/record-size.js'
import { type Answer, packAnswer, unpackAnswer } from '../../answer-wire.js'
import { ByteWriter } from '../../blocks/byte-writer.js'
import { encodeError, textOf } from '../../error-wire.js'
import type { RejectError, TaskRejects } from '../../protocol.js'
import type { LocalInput } from '../runtime/local-input.js'

/** Bytes of dead letters that a task stores for one operation. The first letter is always stored. */
const KEPT_BYTES = 16 * 1024 * 1024

interface Rejected {
  readonly input: number
  readonly operation: string
  readonly keep: number
  count: number
  bytes: number
  readonly kept: { readonly record: Answer; readonly error: RejectError }[]
}

/** The records that one task has rejected. They count only if the task's result counts. */
export class Rejects {
  readonly #inputs: readonly LocalInput[]
  #rejected: Map<number, Rejected> | undefined

  constructor(inputs: readonly LocalInput[]) {
    this.#inputs = inputs
  }

  add(number: number, operation: string, record: unknown, error: unknown): void {
    this.#rejected ??= new Map()
    let rejected = this.#rejected.get(number)
    if (!rejected) {
      const input = this.#inputs[number]!
      if (input.in !== 'rejects') throw new TypeError(`Records are rejected into a rejects input, not ${input.in}.`)
      rejected = { input: number, operation, keep: input.keep, count: 0, bytes: 0, kept: [] }
      this.#rejected.set(number, rejected)
    }
    if (rejected.count++ < rejected.keep) keep(rejected, record, error)
  }

  /** Returns the report for the driver; undefined if there are none, which is the usual case. */
  report(): readonly TaskRejects[] | undefined {
    return this.#rejected && [...this.#rejected.values()].map(({ keep: _, bytes: __, ...rejects }) => rejects)
  }
}

/**
 * Stores a letter, unless that exceeds the limit. After that no later letter is stored, so the stored ones are the
 * first.
 */
function keep(rejected: Rejected, record: unknown, error: unknown): void {
  if (rejected.bytes >= KEPT_BYTES) return
  const letter = { record: packed(record), error: factsOf(error) }
  rejected.bytes += recordSize(letter)
  if (rejected.kept.length === 0 || rejected.bytes <= KEPT_BYTES) rejected.kept.push(letter)
}

/**
 * Returns the dead letter of a record. Omits the error's stack, which contains paths of the thread's code, so that
 * equal records yield equal letters.
 */
export function letterOf(operation: string, record: unknown, error: unknown): unknown {
  const { stack: _, ...facts } = factsOf(error)
  return { operation, record: unpackAnswer(packed(record)), error: facts }
}

const bytes = new ByteWriter()

/** Packs a record, which may change later; its text, if it is not data. */
function packed(record: unknown): Answer {
  return packAnswer(isData(record) ? record : textOf(record), bytes)
}

function factsOf(error: unknown): RejectError {
  const { name, message, code, stack } = encodeError(error)
  if (!(error instanceof Error)) return { name: typeof error, message }
  return { name, message, ...(code !== undefined && { code }), ...(stack !== undefined && { stack }) }
}
