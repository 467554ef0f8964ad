import type { FileChangedError } from '../../errors.js'
import type { FileRange } from '../../files/identity.js'
import type { InputNode } from '../../ops/dstream/node.js'
import type { RddContext } from '../../ops/rdd/context.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import { rejectingBy } from '../../ops/rdd/record-options.js'
import { FileRangesRdd, ReadPartitionsRdd } from '../../ops/rdd/source-rdds.js'
import type { DirectBatch, DirectSource } from '../../ops/source.js'

/** Creates the dataset of a batch of a direct source. Calls `report` for a file that is left out because it has changed. */
export function directDataset(
  context: RddContext,
  { source, outcomes }: InputNode,
  { partitions, onFileChanged = 'fail' }: DirectBatch<object>,
  time: number,
  report: (message: string, error: FileChangedError) => void,
): Rdd<unknown> {
  const { name, reader, files } = source as DirectSource<object>
  const policy = rejectingBy((reader ?? files?.reader)?.onRecordError, time)
  const rejecting = policy && { ...policy, outcomes: outcomes.areKept }
  if (reader) return new ReadPartitionsRdd(context, name, reader, partitions, rejecting)
  const mayLeaveOut = (error: FileChangedError) => {
    const { change, path } = error.details
    if (change !== 'missing' && onFileChanged !== 'skip') return false
    report(`${String(path)} is left out of batch ${time} ms: ${error.message}`, error)
    return true
  }
  return new FileRangesRdd(context, name, partitions as readonly FileRange[], mayLeaveOut, files, rejecting)
}
