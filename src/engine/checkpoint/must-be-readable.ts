import { CheckpointError } from '../../errors.js'
import type { CheckpointStore } from './store.js'

/**
 * Checks that a directory has a complete checkpoint, or none at all. With `createOnError`, renames checkpoints of which none can be
 * read, so that the directory counts as empty.
 *
 * @throws CheckpointError (rejects) if there are checkpoints and none can be read.
 */
export async function mustBeReadable(store: CheckpointStore, createOnError: boolean): Promise<void> {
  try {
    await store.newest()
  } catch (error) {
    if (!createOnError || !(error instanceof CheckpointError)) throw error
    await store.take(() => {})
    await store.setAside().finally(() => store.release())
  }
}
