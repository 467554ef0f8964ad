import { CheckpointError } from '../../errors.js'
import type { Dataset } from '../../ops/dataset.js'
import type { Sink } from '../../ops/plan.js'
import type { SnapshotRequest, TakenSnapshots } from '../engine.js'
import type { StateTracker } from '../state/state-tracker.js'

/** Attempts to collect snapshots of all partitions: meanwhile threads may die, and blocks may turn out corrupt. */
const ATTEMPTS = 3

/** Runs tasks that write the snapshots that the batch's tasks have not written. The driver owns all of them. */
export async function takeSnapshots(
  { operator, label, version, rdd }: Omit<SnapshotRequest, 'isSaved'>,
  states: Pick<StateTracker, 'saved' | 'unsaved'>,
  run: (rdd: Dataset, sink: Sink, partitions: readonly number[]) => Promise<unknown>,
): Promise<TakenSnapshots> {
  // Not the dataset itself: if it is persisted, tasks would read its blocks and not compute the state.
  const made = rdd?.made()
  for (let attempt = 0; ; attempt++) {
    const missing = states.unsaved(operator, version, made?.partitions)
    if (missing.length === 0) return { partitions: states.saved(operator, version), release: () => {} }
    if (!made || attempt === ATTEMPTS) {
      throw new CheckpointError(
        `The state of stream ${operator} (${label}) at ${version} ms has no snapshot of partitions ${missing.join(', ')}.`,
        { operator, version, missing },
      )
    }
    await run(made, { op: 'count' }, missing)
  }
}
