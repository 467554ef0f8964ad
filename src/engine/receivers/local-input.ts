import type { Rdd } from '../../ops/rdd/rdd.js'
import { ValuesRdd } from '../../ops/rdd/source-rdds.js'
import type { LocalSource } from '../../ops/source.js'
import { isData } from '../../values/data.js'
import { dataError, faultOf } from '../../values/fault.js'
import { checkRecords } from '../../values/records.js'
import type { StreamInputInfo } from '../events/batch-info.js'
import { fromSource } from '../user-code/user-errors.js'
import { skipped } from './record-buffer.js'
import { type BatchInput, StreamInput } from './stream-input.js'

interface LocalBatch extends BatchInput {
  /** Records that are not data. */
  readonly skipped: number
}

/** An input whose records the driver holds. It is read when a batch first needs it. */
export class LocalInput extends StreamInput<LocalBatch> {
  assign(time: number): undefined {
    this.batches.set(time, { blocks: [], rdd: undefined, counts: new Map(), skipped: 0 })
  }

  datasetAt(time: number): Rdd<unknown> | undefined {
    const { context } = this.context.options.graph
    const source = this.stream.source as LocalSource<unknown>
    const given = fromSource(this.name, `answer for batch ${time} ms`, () => source.next(time))
    if (!given) return undefined
    const records = this.#dataOf(given, source)
    const rdd = new ValuesRdd(context, records, context.parallelism, this.name)
    const batch = { blocks: [], rdd: undefined, counts: new Map(), skipped: given.length - records.length }
    return this.created(time, batch, rdd)
  }

  override get isAtEnd(): boolean {
    const source = this.stream.source as LocalSource<unknown>
    // No output depends on this input, so its records are never read: it counts as ended.
    return this.stream.rememberDuration === 0 || source.atEnd?.() === true
  }

  protected recordsOf({ rdd }: BatchInput): number | undefined {
    return (rdd as ValuesRdd<unknown> | undefined)?.records
  }

  protected override details(batch: LocalBatch | undefined): Partial<StreamInputInfo> {
    return batch?.skipped ? { skipped: batch.skipped } : {}
  }

  /** Returns the records that are data, and reports the others. @throws DataError if the source's policy says so. */
  #dataOf(given: readonly unknown[], { onRecordError }: LocalSource<unknown>): readonly unknown[] {
    const bad = given.findIndex((record) => !isData(record))
    if (bad < 0) return given
    if (onRecordError === 'fail') checkRecords(given, this.name)
    const good = given.filter(isData)
    const error = dataError('A record cannot be encoded', faultOf(given[bad], `[${bad}]`))
    this.context.report(this.stream, skipped(given.length - good.length, given.length, error), error)
    return good
  }
}
