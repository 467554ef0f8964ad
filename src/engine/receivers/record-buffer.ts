import type { DataError } from '../../errors.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { copyOfData } from '../../values/copy.js'
import { isData } from '../../values/data.js'
import { dataError, faultOf } from '../../values/fault.js'
import { messageOf } from '../../values/message-of.js'
import { recordSize } from '../../values/record-size.js'

/**
 * A block is sealed at this many records or about this many bytes, whichever comes first. The limit is well below a
 * power of two, the size of segments: a block that is slightly larger would occupy twice its memory.
 */
const RECORDS_A_BLOCK = 8192
const BYTES_A_BLOCK = 768 * 1024

/**
 * Buffers the records of a receiver until they are sealed into blocks. It encodes them on arrival, so a caller may
 * change its objects afterwards, and the number of waiting bytes is known.
 */
export class RecordBuffer {
  readonly #seal: (records: readonly unknown[]) => BlockHandle
  #records: unknown[] = []
  #waitingBytes = 0
  #blocks: BlockHandle[] = []
  #sealed = 0
  /** Whether a block could not be written. The next cut tries again and throws if it fails. */
  #stuck = false

  constructor(seal: (records: readonly unknown[]) => BlockHandle) {
    this.#seal = seal
  }

  /** Bytes that wait for the next cut: estimated for open records, exact for sealed blocks. */
  get bytes(): number {
    return this.#waitingBytes + this.#sealed
  }

  /** Adds the records that are data. Returns how many are not, and an error that names the first of these. */
  add(values: readonly unknown[]): { readonly refused: number; readonly first: DataError | undefined } {
    let refused = 0
    let first: DataError | undefined
    for (let i = 0; i < values.length; i++) {
      const error = this.#add(values[i], i)
      if (error) refused++
      first ??= error
    }
    return { refused, first }
  }

  /** Adds a record. If it is not data, returns the reason. */
  #add(value: unknown, i: number): DataError | undefined {
    if (!isData(value)) return dataError('A record cannot be encoded', faultOf(value, `[${i}]`))
    let copy: unknown
    try {
      copy = copyOfData(value)
    } catch (error) {
      // A getter that returned data to the check above returns something else now.
      const what = `cannot be read (${messageOf(error)})`
      const advice = 'Use a plain object of its properties'
      return dataError('A record cannot be encoded', { path: `[${i}]`, what, advice })
    }
    this.#take(copy)
    return undefined
  }

  /** Returns all records as blocks. If a block cannot be written, all records stay for the next cut. */
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
    this.#waitingBytes += recordSize(record)
    const isFull = this.#records.length >= RECORDS_A_BLOCK || this.#waitingBytes >= BYTES_A_BLOCK
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
    this.#waitingBytes = 0
    this.#blocks.push(block)
    this.#sealed += block.length
  }
}

/** Returns the message of a report on skipped records. */
export function skipped(refused: number, given: number, { message }: DataError): string {
  return `${refused} of ${given} records ${refused === 1 ? 'was' : 'were'} skipped: ${message}`
}
