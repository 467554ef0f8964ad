import type { Clock } from '../../ops/clock.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { BatchLog } from '../checkpoint/batch-log.js'
import type { CheckpointStore } from '../checkpoint/store.js'
import type { Context } from '../context.js'
import { engineOf } from '../engine-of.js'
import { mustHaveInputs, mustNeedNoLog } from '../write-ahead-log/leftovers.js'
import type { CheckedLogOptions } from '../write-ahead-log/options.js'
import { ReceivedLog } from '../write-ahead-log/received-log.js'

export interface LogOwner {
  readonly graph: StreamGraph
  readonly context: Context
  readonly clock: Clock
  readonly writeAheadLog: CheckedLogOptions | undefined
}

/** The data that a run takes from the log. */
export interface Resumption {
  /** The time of the loaded checkpoint, whose batches need no received data; undefined: there is none. */
  readonly after: number | undefined
  /** Whether batches after the checkpoint run again as they were, with the same records. */
  readonly asBatches: boolean
  readonly dropState: readonly string[]
}

/**
 * Opens the write-ahead log of a directory, and divides its data by batches for `batches`. Without the option, checks that an
 * earlier process has left no data there.
 *
 * @throws CheckpointError (rejects) if the log has data that the streams cannot read.
 */
export async function openReceivedLog(
  { graph, context, clock, writeAheadLog }: LogOwner,
  { lease, directory }: CheckpointStore,
  batches: BatchLog,
  { after = Number.NEGATIVE_INFINITY, asBatches, dropState }: Resumption,
): Promise<void> {
  const { logger, faults } = context.options
  const { driver, events } = engineOf(context)
  const { folder, term } = lease
  if (!writeAheadLog) return await mustNeedNoLog(folder, after, dropState)
  const received = await ReceivedLog.open(
    { ...writeAheadLog, folder, term, clock, owner: lease, driver, faults },
    (damage) => {
      logger.warn(`${damage.file} of the write-ahead log in ${directory}: ${damage.message}`, damage)
      events.emit('logDamaged', damage)
    },
  )
  batches.useLog(received, after, asBatches, dropState)
  const recovered = batches.recovered!
  for (const uid of recovered.dropped)
    logger.warn(`dropState: the received data of '${uid}' in the write-ahead log is dropped`, { uid })
  mustHaveInputs(recovered, graph, directory)
}
