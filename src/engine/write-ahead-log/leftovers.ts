import { CheckpointError } from '../../errors.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { CheckpointFolder } from '../checkpoint/folder.js'
import { LogContent } from './log-content.js'
import { Recovered } from './recovered.js'

/**
 * Checks that the graph has all inputs whose received data waits in the log.
 *
 * @throws CheckpointError that names the first one that is missing.
 */
export function mustHaveInputs({ uids }: Recovered, { inputs, uids: ids }: StreamGraph, directory: string): void {
  const known = inputs.map((input) => ids.get(input)!)
  const missing = [...uids].find((uid) => !known.includes(uid))
  if (missing === undefined) return
  throw new CheckpointError(
    `The write-ahead log in ${directory} has data of the input '${missing}' that no completed batch has, and this graph has no such input. Its inputs: ${known.join(', ') || 'none'}. Start the earlier program once more, and stop it with { graceful: true }; or drop the data: start({ dropState: ['${missing}'] }).`,
    { directory, input: missing },
  )
}

/**
 * Checks that no received data waits in a log, for a context that has none.
 *
 * @throws CheckpointError if some does: it would be lost.
 */
export async function mustNeedNoLog(folder: CheckpointFolder, time: number, dropped: readonly string[]): Promise<void> {
  const { uids } = new Recovered(await LogContent.read(folder, () => {}), time, true, dropped)
  if (uids.size === 0) return
  const directory = folder.path
  throw new CheckpointError(
    `The write-ahead log in ${directory} has received data that no completed batch has, and this context is made without writeAheadLog. Set writeAheadLog: true once more, and stop with { graceful: true }; or drop that data: start({ dropState: [${[...uids].map((uid) => `'${uid}'`).join(', ')}] }).`,
    { directory, inputs: [...uids] },
  )
}
