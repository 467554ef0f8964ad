import { CheckpointError } from '../../../errors.js'
import { changedFiles } from '../../../files/changed.js'
import type { FileRange } from '../../../files/identity.js'
import type { InputNode } from '../../../ops/dstream/node.js'
import type { Rdd } from '../../../ops/rdd/rdd.js'
import type { DirectSource } from '../../../ops/source.js'
import { directDataset } from '../../receivers/direct-dataset.js'
import type { InputContext } from '../../receivers/input-context.js'
import { LocalInput } from '../../receivers/local-input.js'
import { ReceivedInput } from '../../receivers/received-input.js'
import { type BatchInput, StreamInput } from '../../receivers/stream-input.js'
import type { RecordedBatches } from './recorded-batches.js'

interface DirectBatchInput extends BatchInput {
  readonly partitions: readonly object[]
}

/** A direct source in a replay: workers read the recorded partitions. Its reader, which may connect to a service, is not opened. */
class ReplayedDirectInput extends StreamInput<DirectBatchInput> {
  readonly #recorded: RecordedBatches

  constructor(stream: InputNode, context: InputContext, recorded: RecordedBatches) {
    super(stream, context)
    this.#recorded = recorded
  }

  async assign(time: number): Promise<void> {
    const partitions = this.#recorded.partitionsOf(this.uid, time)
    if (!partitions) throw notRecorded(this.uid, time)
    const isFiles = (this.stream.source as unknown as DirectSource<object>).reader === undefined
    const left = isFiles ? await this.#unchanged(time, partitions as readonly FileRange[]) : partitions
    this.batches.set(time, { blocks: [], partitions: left, rdd: undefined, counts: new Map() })
  }

  datasetAt(time: number): Rdd<unknown> | undefined {
    const batch = this.batches.get(time)
    if (!batch) return undefined
    const { context } = this.context.options.graph
    const report = (message: string, error: unknown) => this.context.report(this.stream, message, error)
    return this.created(time, batch, directDataset(context, this.stream, batch, time, report))
  }

  protected recordsOf({ counts }: DirectBatchInput): number {
    return [...counts.values()].reduce((sum, count) => sum + count, 0)
  }

  async #unchanged(time: number, ranges: readonly FileRange[]): Promise<readonly FileRange[]> {
    const changed = await changedFiles(this.context.options.graph.context.files, ranges)
    for (const path of changed)
      this.context.report(
        this.stream,
        `${path} of batch ${time} ms is gone or was changed since: the replay runs without it`,
      )
    return ranges.filter(({ path }) => !changed.has(path))
  }
}

/** A receiver in a replay: its data comes from the write-ahead log. The receiver itself does not start. */
class ReplayedReceiverInput extends ReceivedInput {
  readonly #recorded: RecordedBatches

  constructor(stream: InputNode, context: InputContext, recorded: RecordedBatches) {
    super(stream, context)
    this.#recorded = recorded
  }

  async assign(time: number): Promise<void> {
    const { driver } = this.context.options.engine
    const restored = []
    for (const logged of this.#recorded.blocksOf(this.uid, time)) {
      const block = driver.writeBytes(await this.#recorded.read(logged), logged.codec, logged.count)
      driver.keep(block)
      restored.push(block)
    }
    this.batches.set(time, { blocks: restored, rdd: undefined, counts: new Map() })
  }
}

/** Creates an input that has in each batch what was recorded for it. */
export function replayedInput(stream: InputNode, context: InputContext, recorded: RecordedBatches): StreamInput {
  switch (stream.source.kind) {
    case 'receiver':
      return new ReplayedReceiverInput(stream, context, recorded)
    case 'direct':
      return new ReplayedDirectInput(stream, context, recorded)
    case 'local':
      return new LocalInput(stream, context)
  }
}

function notRecorded(uid: string, time: number): CheckpointError {
  return new CheckpointError(
    `The record of batch ${time} ms has no input '${uid}'. Replay the batch with the program that ran it.`,
    { uid, batchTime: time },
  )
}
