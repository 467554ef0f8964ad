import type { StreamNode } from '../../ops/dstream/node.js'
import { DRIVER } from '../../pool/blocks/writers.js'
import type { Engine } from '../engine.js'
import type { SavedOperation, SavedState } from './checkpoint.js'
import type { SavedBlocks } from './saved-blocks.js'
import { convertState, needsConversion } from './state-conversion.js'

/** Restores the state of a stream: from its blocks, or converted if the program places keys or holds values otherwise now. */
export function restoreState(
  stream: StreamNode,
  operation: SavedOperation,
  states: readonly SavedState[],
  engine: Engine,
  blocks: SavedBlocks,
): void {
  const { id, kept } = stream
  const { version } = states[0]!
  if (needsConversion(operation, kept!)) {
    convertState(operation, states, kept!, blocks).forEach(({ keys, values }, partition) => {
      // A name of its own: no thread continues this snapshot by chance.
      const snapshot = { time: version, full: true, block: values, name: `restored@${version}`, after: undefined }
      const rows = { keys: [{ time: version, full: true, block: keys }], snapshots: [{ ...snapshot, keys: undefined }] }
      engine.states.restore(id, partition, version, rows, DRIVER)
    })
    return
  }
  for (const { partition, snapshots, keys } of states) {
    const rows = {
      keys: keys.map(({ block, ...rest }) => ({ ...rest, block: blocks.copy(block) })),
      snapshots: snapshots.map(({ block, name, after, ...rest }) => {
        return { ...rest, name, after, keys: undefined, block: blocks.copy(block) }
      }),
    }
    engine.states.restore(id, partition, version, rows, DRIVER)
  }
}
