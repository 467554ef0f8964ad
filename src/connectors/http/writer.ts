import { randomUUID } from 'node:crypto'
import type { DataWriter, WriteContext, WriterFactory } from '../../ops/sink.js'
import { toJson, toLine } from '../../values/json.js'
import type { CheckedHttpOptions } from './options.js'
import { send } from './send.js'

/** Sends the records of a partition in requests of `batchSize` records, one after the other. */
export const httpWriter: WriterFactory = {
  open: (context) => new HttpWriter(context),
}

class HttpWriter implements DataWriter {
  readonly #context: WriteContext
  readonly #options: CheckedHttpOptions
  readonly #name: string
  #records: unknown[] = []
  #requests = 0

  constructor(context: WriteContext) {
    this.#context = context
    this.#options = context.options as CheckedHttpOptions
    const { time, output, partition } = context
    const write = time === undefined ? randomUUID() : `${output}-${time}`
    this.#name = `${this.#options.application}-${write}-${partition}`
  }

  async write(records: readonly unknown[]): Promise<void> {
    for (const record of records) {
      this.#records.push(record)
      if (this.#records.length === this.#options.batchSize) await this.#send()
    }
  }

  async commit(): Promise<number> {
    if (this.#records.length > 0) await this.#send()
    return this.#requests
  }

  /** Returns the key of a request. A batch that runs again sends the same records with the same keys. */
  async #send(): Promise<void> {
    const records = this.#records
    this.#records = []
    const key = `${this.#name}-${this.#requests++}`
    await send(this.#options, bodyOf(records, this.#options), key, this.#context.signal)
  }
}

function bodyOf(records: readonly unknown[], { format }: CheckedHttpOptions): string {
  if (format === 'json') return `[${records.map(toJson).join()}]`
  const lines = records.map(format === 'text' ? toLine : toJson)
  return `${lines.join('\n')}\n`
}
