import type { Dataset } from '../../ops/dataset.js'
import type { CheckpointMarks } from '../../ops/rdd/checkpoint-marks.js'
import { facade } from '../../ops/rdd/facade.js'
import { openCheckpoint } from '../../sinks/object-files.js'

/**
 * Writes the datasets that a job has used and for which checkpoint() was called, as object files. Rejects if that
 * fails.
 */
export async function writeDatasetCheckpoints(checkpoints: CheckpointMarks, used: Dataset): Promise<void> {
  for (const rdd of checkpoints.usedBy(used)) {
    await checkpoints.write(rdd, async (path) => {
      await facade(rdd).saveAsObjectFile(path)
      return openCheckpoint(rdd.context, path, rdd.partitions)
    })
  }
}
