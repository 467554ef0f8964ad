import { SourceError } from '../../errors.js'
import type { BatchRequest, DirectBatch, DirectReader, SourceLag } from '../../ops/source.js'
import { ALL_ROWS, type KeyRange, splitKeys } from './key-ranges.js'
import type { CheckedTableOptions } from './options.js'

/** The queries with which a database plans the reading of a table. */
export interface TablePort {
  /** Connects, and checks that the table and its key exist. @throws SourceError (rejects) */
  open(): Promise<void>
  /** Returns the least and the greatest key; undefined if the table is empty. */
  limits(): Promise<{ readonly least: bigint; readonly greatest: bigint } | undefined>
  /** Returns the greatest key below which no new row can appear; undefined if there is none. */
  settled(): Promise<bigint | undefined>
  /** Returns the key of the row that is `rows` rows after `after`, or `upTo` if there are fewer. */
  keyAfter(after: bigint, rows: number, upTo: bigint): Promise<bigint>
  close(): Promise<void>
}

/** Plans the batches of a growing table. Each batch reads the rows after those of the previous batch. */
export class TableDriver implements DirectReader<KeyRange> {
  readonly #name: string
  readonly #port: TablePort
  readonly #options: CheckedTableOptions
  #isDataset = false
  /** The key at which reading ends; null for an empty table, undefined without an end. */
  #end: bigint | null | undefined
  /** The last key that was read; undefined before the first row. */
  #after: bigint | undefined

  constructor(name: string, port: TablePort, options: CheckedTableOptions) {
    this.#name = name
    this.#port = port
    this.#options = options
  }

  async open(_zeroTime: number, batchInterval: number, position?: unknown): Promise<void> {
    const { key, start } = this.#options
    this.#isDataset = batchInterval === Number.POSITIVE_INFINITY
    if (key === undefined && !this.#isDataset) {
      throw new SourceError(
        `A stream of ${this.#name} needs the option key: an integer column that grows with each insertion. Without it only ctx.input() can read the table, once.`,
        { details: { final: true } },
      )
    }
    await this.#port.open()
    if (typeof position === 'string') this.#after = BigInt(position)
    // The earlier process found no row, so every row is new.
    else if (position === null) return
    else if (start === 'latest') this.#after = (await this.#port.limits())?.greatest
    else if (start !== 'earliest') this.#after = BigInt(start)
  }

  async stopAtEnd(): Promise<void> {
    this.#end = (await this.#port.limits())?.greatest ?? null
  }

  async next(_time: number, request: BatchRequest): Promise<DirectBatch<KeyRange>> {
    const batch = await this.#plan(request)
    const isAtEnd =
      this.#end === null || (this.#end !== undefined && this.#after !== undefined && this.#after >= this.#end)
    return { ...batch, atEnd: isAtEnd }
  }

  async #plan({ maxRecords }: BatchRequest): Promise<DirectBatch<KeyRange>> {
    if (this.#options.key === undefined) return { partitions: [ALL_ROWS] }
    const limits = await this.#port.limits()
    const settled = this.#isDataset ? limits?.greatest : await this.#port.settled()
    if (!limits) return { partitions: [], lag: this.#lag(0n, this.#after, undefined) }
    const after = this.#after ?? limits.least - 1n
    const nothing = { partitions: [], lag: this.#lag(0n, after, limits.greatest) }
    if (settled === undefined || this.#end === null) return nothing
    const upTo = this.#end !== undefined && this.#end < settled ? this.#end : settled
    if (upTo <= after) return nothing
    const rows = Math.max(1, Math.floor(Math.min(maxRecords, this.#options.maxRows)))
    const end = this.#isDataset ? upTo : await this.#port.keyAfter(after, rows, upTo)
    this.#after = end
    const partitions = splitKeys(after, end, this.#options.numPartitions)
    const lag = this.#lag(end - after, end, limits.greatest)
    return { partitions, description: `keys above ${after} up to ${end}`, lag }
  }

  /** The distance to the greatest key: counting the rows would read all of them. `next`: the last key that is read. */
  #lag(taken: bigint, next: bigint | undefined, end: bigint | undefined): SourceLag {
    const left = next !== undefined && end !== undefined && end > next ? end - next : 0n
    const part = { name: this.#name, taken: Number(taken), left: Number(left), next: textOf(next), end: textOf(end) }
    return { unit: 'keys', parts: [part] }
  }

  replay(_time: number, { partitions }: DirectBatch<KeyRange>): void {
    const end = partitions.at(-1)?.upTo
    if (typeof end === 'string') this.#after = BigInt(end)
  }

  position(): string | null {
    return this.#after === undefined ? null : String(this.#after)
  }

  async close(): Promise<void> {
    await this.#port.close()
  }
}

function textOf(key: bigint | undefined): string | undefined {
  return key === undefined ? undefined : String(key)
}

/** Checks a position from a checkpoint. @throws TypeError if it is no key. */
export function checkKeyPosition(position: unknown): void {
  if (position !== null && !(typeof position === 'string' && /^-?\d+$/.test(position)))
    throw new TypeError(`is ${String(position)}, which is no key`)
}
