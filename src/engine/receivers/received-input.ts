import type { Rdd } from '../../ops/rdd/rdd.js'
import { ReceivedRdd } from '../../ops/rdd/source-rdds.js'
import { toPartitions } from './batch-partitions.js'
import { type BatchInput, recordsIn, StreamInput } from './stream-input.js'

/** An input whose batches are blocks of received data, from a receiver or from the log of one. */
export abstract class ReceivedInput<B extends BatchInput = BatchInput> extends StreamInput<B> {
  datasetAt(time: number): Rdd<unknown> | undefined {
    const batch = this.batches.get(time)
    if (!batch) return undefined
    const { engine, graph } = this.context.options
    const slices = toPartitions(engine.driver.segments, batch.blocks, graph.context.parallelism)
    return this.created(time, batch, new ReceivedRdd(graph.context, this.name, slices))
  }

  override receivedIn(time: number): number {
    const { rdd, blocks } = this.batches.get(time) ?? {}
    return rdd instanceof ReceivedRdd && !rdd.isFreed ? blocks!.reduce((sum, { length }) => sum + length, 0) : 0
  }

  override free(time: number): void {
    const { rdd, blocks } = this.batches.get(time) ?? {}
    if (!(rdd instanceof ReceivedRdd) || rdd.isFreed) return
    rdd.context.rdds.of(rdd).isFreed = true
    for (const { id } of blocks!) this.context.options.engine.driver.release(id)
  }

  protected recordsOf({ blocks }: B): number {
    return recordsIn(blocks)
  }
}
