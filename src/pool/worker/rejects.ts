import { inspect } from 'node:util'
import { isData } from '../../values/data.js'
import { ByteWriter } from '../blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '../blocks/records-codec.js'
import type { RejectError, TaskInput, TaskRejects } from '../protocol.js'

interface Slot {
  readonly slot: number
  readonly operation: string
  readonly keep: number
  count: number
  readonly kept: { readonly record: unknown; readonly error: RejectError }[]
}

/** The records that one task has given up. They count if the task's result does. */
export class Rejects {
  readonly #inputs: readonly TaskInput[]
  #slots: Map<number, Slot> | undefined

  constructor(inputs: readonly TaskInput[]) {
    this.#inputs = inputs
  }

  add(number: number, operation: string, record: unknown, error: unknown): void {
    this.#slots ??= new Map()
    let slot = this.#slots.get(number)
    if (!slot) {
      const input = this.#inputs[number]!
      if (input.in !== 'rejects') throw new TypeError(`Records are given up by a rejects input, not ${input.in}.`)
      slot = { slot: number, operation, keep: input.keep, count: 0, kept: [] }
      this.#slots.set(number, slot)
    }
    if (slot.count++ < slot.keep) slot.kept.push({ record: travelling(record), error: factsOf(error) })
  }

  /** For the driver; undefined if there are none, which is the usual case. */
  report(): readonly TaskRejects[] | undefined {
    return this.#slots && [...this.#slots.values()].map(({ keep: _, ...rejects }) => rejects)
  }
}

/**
 * What a stream of dead letters is made of. Without the error's stack: it tells where the thread has its code from, and
 * the same record should give the same letter.
 */
export function letterOf(operation: string, record: unknown, error: unknown): unknown {
  const { stack: _, ...facts } = factsOf(error)
  return { operation, record: travelling(record), error: facts }
}

const bytes = new ByteWriter()

/** Copies a record, which may be changed later; where it is not data, its text says more than nothing. */
function travelling(record: unknown): unknown {
  if (!isData(record)) return inspect(record)
  bytes.reset()
  encodeRecords(bytes, [record])
  return decodeRecords(bytes.bytes())[0]
}

function factsOf(error: unknown): RejectError {
  if (!(error instanceof Error))
    return { name: typeof error, message: typeof error === 'string' ? error : inspect(error) }
  const { name, message, stack } = error
  const { code } = error as { code?: unknown }
  return { name, message, ...(typeof code === 'string' && { code }), ...(stack !== undefined && { stack }) }
}
