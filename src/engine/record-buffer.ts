import type { DataError } from '../errors.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import { copyData } from '../values/copy.js'
import { isData } from '../values/data.js'
import { dataError, faultIn } from '../values/fault.js'

/**
 * A block is sealed at so many records, or about so many bytes, whichever come first. Well below a size of segments, which are
 * powers of two: a block that is a little larger would take twice its memory.
 */
const RECORDS_A_BLOCK = 8192
const BYTES_A_BLOCK = 768 * 1024

/**
 * The records of a receiver until they are sealed into blocks. They are copied when they arrive: what the caller does to an
 * object afterwards does not change the record, and the bytes that wait are known.
 */
export class RecordBuffer {
  readonly #seal: (records: readonly unknown[]) => BlockHandle
  #records: unknown[] = []
  readonly #waiting = { bytes: 0 }
  #blocks: BlockHandle[] = []
  #sealed = 0
  /** A block could not be written; the next cut tries again, and its caller reports it. */
  #stuck = false

  constructor(seal: (records: readonly unknown[]) => BlockHandle) {
    this.#seal = seal
  }

  /** Bytes that wait for the next cut: of open records as an estimate, of sealed blocks exactly. */
  get bytes(): number {
    return this.#waiting.bytes + this.#sealed
  }

  /** Takes the records that are data. Returns how many are not, and an error that names the first of them. */
  add(values: readonly unknown[]): { readonly refused: number; readonly first: DataError | undefined } {
    let refused = 0
    let first: DataError | undefined
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (isData(value)) this.#take(copyData(value, this.#waiting))
      else {
        refused++
        const fault = first ? undefined : faultIn(value, `[${i}]`)
        if (fault) first = dataError('A record cannot be encoded', fault)
      }
    }
    return { refused, first }
  }

  /** Hands over all records as blocks. Where one cannot be written, its records and the blocks stay for the next cut. */
  cut(): BlockHandle[] {
    this.#sealOpen()
    this.#stuck = false
    const blocks = this.#blocks
    this.#blocks = []
    this.#sealed = 0
    return blocks
  }

  #take(record: unknown): void {
    this.#records.push(record)
    const isFull = this.#records.length >= RECORDS_A_BLOCK || this.#waiting.bytes >= BYTES_A_BLOCK
    if (!isFull || this.#stuck) return
    try {
      this.#sealOpen()
    } catch {
      this.#stuck = true
    }
  }

  #sealOpen(): void {
    if (this.#records.length === 0) return
    const block = this.#seal(this.#records)
    this.#records = []
    this.#waiting.bytes = 0
    this.#blocks.push(block)
    this.#sealed += block.length
  }
}

/** The message of a report on records that were left out. */
export function skipped(refused: number, given: number, { message }: DataError): string {
  return `${refused} of ${given} records ${refused === 1 ? 'was' : 'were'} skipped: ${message}`
}
