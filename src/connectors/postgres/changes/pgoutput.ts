import { parserOf } from '../types.js'
import { formatLsn } from './lsn.js'

/** A change of a row, or the truncation of a table. The changes of one transaction are adjacent. */
export interface PostgresChange {
  readonly operation: 'insert' | 'update' | 'delete' | 'truncate'
  readonly schema: string
  readonly table: string
  /** The new row; undefined for deletions and truncations. Lacks large values that an update did not change. */
  readonly row?: Readonly<Record<string, unknown>>
  /**
   * The old row, or its key columns, depending on the table's REPLICA IDENTITY. For updates, only if the key changed.
   */
  readonly old?: Readonly<Record<string, unknown>>
  /** Number of the transaction. */
  readonly transaction: number
  /** Position of the transaction's commit in the write-ahead log. Later commits have greater positions. */
  readonly lsn: string
  /** Time of the transaction's commit, in ms since 1970. */
  readonly time: number
}

interface Relation {
  readonly schema: string
  readonly table: string
  readonly columns: readonly {
    readonly name: string
    readonly isKey: boolean
    readonly parse: (text: string) => unknown
  }[]
}

interface Transaction {
  readonly transaction: number
  readonly commit: bigint
  readonly lsn: string
  readonly time: number
}

/** PostgreSQL counts microseconds since 2000-01-01. */
const EPOCH_MS = 946_684_800_000n

/**
 * Decodes messages of the output plug-in pgoutput, protocol version 1. A decoder needs all messages of one session, in
 * order.
 */
export class PgOutputDecoder {
  readonly #relations = new Map<number, Relation>()
  #transaction: Transaction | undefined
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  /** The commit position of the current transaction. */
  get commit(): bigint {
    return this.#transaction?.commit ?? 0n
  }

  /** Returns the changes in a message. Messages that begin or commit a transaction, or describe a table, have none. */
  decode(message: Buffer): readonly PostgresChange[] {
    this.#bytes = message
    this.#at = 1
    switch (String.fromCharCode(message[0]!)) {
      case 'B':
        this.#transaction = this.#begin()
        return []
      case 'R':
        this.#relation()
        return []
      case 'I':
        return [this.#insert()]
      case 'U':
        return [this.#update()]
      case 'D':
        return [this.#delete()]
      case 'T':
        return this.#truncate()
      default:
        // Commit, origin, type and logical messages contain no rows.
        return []
    }
  }

  #begin(): Transaction {
    const commit = this.#int64()
    const time = Number(this.#int64() / 1000n + EPOCH_MS)
    return { commit, lsn: formatLsn(commit), time, transaction: this.#uint32() }
  }

  #relation(): void {
    const id = this.#uint32()
    const schema = this.#text() || 'pg_catalog'
    const table = this.#text()
    // The kind of replica identity. It is not needed, because each column has a flag for it.
    this.#at++
    const columns = Array.from({ length: this.#int16() }, () => {
      const isKey = (this.#bytes[this.#at++]! & 1) === 1
      const name = this.#text()
      const parse = parserOf(this.#uint32())
      // The type's modifier, such as a length.
      this.#at += 4
      return { name, isKey, parse }
    })
    this.#relations.set(id, { schema, table, columns })
  }

  #insert(): PostgresChange {
    const relation = this.#relationOf()
    this.#at++
    return this.#change('insert', relation, { row: this.#tuple(relation, false) })
  }

  #update(): PostgresChange {
    const relation = this.#relationOf()
    const old = this.#old(relation)
    this.#at++
    const row = this.#tuple(relation, false)
    return this.#change('update', relation, old ? { row, old } : { row })
  }

  #delete(): PostgresChange {
    const relation = this.#relationOf()
    return this.#change('delete', relation, { old: this.#old(relation) ?? {} })
  }

  #truncate(): PostgresChange[] {
    const count = this.#uint32()
    // The flags for CASCADE and RESTART IDENTITY.
    this.#at++
    return Array.from({ length: count }, () => this.#change('truncate', this.#relationOf(), {}))
  }

  #change(
    operation: PostgresChange['operation'],
    { schema, table }: Relation,
    rows: Pick<PostgresChange, 'row' | 'old'>,
  ): PostgresChange {
    const { transaction, lsn, time } = this.#transaction!
    return { operation, schema, table, ...rows, transaction, lsn, time }
  }

  #relationOf(): Relation {
    const id = this.#uint32()
    const relation = this.#relations.get(id)
    if (!relation) throw new RangeError(`a change of table ${id} comes before the table's description`)
    return relation
  }

  /** Reads the old tuple, if the message has one: `K` contains the key columns, `O` the whole row. */
  #old(relation: Relation): Record<string, unknown> | undefined {
    const kind = String.fromCharCode(this.#bytes[this.#at]!)
    if (kind !== 'K' && kind !== 'O') return undefined
    this.#at++
    return this.#tuple(relation, kind === 'K')
  }

  #tuple({ columns }: Relation, keyOnly: boolean): Record<string, unknown> {
    const row: Record<string, unknown> = {}
    const count = this.#int16()
    for (let i = 0; i < count; i++) {
      const { name, isKey, parse } = columns[i]!
      const kind = String.fromCharCode(this.#bytes[this.#at++]!)
      const value = kind === 't' ? parse(this.#value()) : null
      // `u`: a large value that did not change. The log does not contain it.
      if (kind === 'u' || (keyOnly && !isKey)) continue
      Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true })
    }
    return row
  }

  #value(): string {
    const length = this.#uint32()
    const start = this.#at
    this.#at += length
    return this.#bytes.toString('utf8', start, this.#at)
  }

  /** Reads a text that ends with a zero byte. */
  #text(): string {
    const start = this.#at
    this.#at = this.#bytes.indexOf(0, start) + 1
    return this.#bytes.toString('utf8', start, this.#at - 1)
  }

  #int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  #uint32(): number {
    this.#at += 4
    return this.#bytes.readUInt32BE(this.#at - 4)
  }

  #int64(): bigint {
    this.#at += 8
    return this.#bytes.readBigInt64BE(this.#at - 8)
  }
}
