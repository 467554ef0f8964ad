import type { SnapshotRequest, TakenSnapshots } from '../engine/engine.js'
import type { Snapshot, SnapshotRows, TimedKeys } from '../engine/state/snapshot-chain.js'
import type { DriverBlocks } from '../engine/storage/driver-blocks.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import { KEYS, type StateBlock, timeOf, unpackChain } from './state-block.js'

/** Partitions whose chains are collected at once: the JVM holds their new blocks in its heap. */
const TOGETHER = 16

/** Collects the chains of partitions as packed blocks. Those with a known name come without payload. */
export type Collect = (partitions: readonly number[], known: readonly string[]) => Promise<readonly Buffer[]>

/** Brings the snapshots of versions of state to the driver, for checkpoints: each block once, however many checkpoints refer to it. */
export class StateChains {
  readonly #driver: DriverBlocks
  /** The blocks of the last checkpoint, by operator and name. Their bytes are in its files only. */
  readonly #known = new Map<number, ReadonlyMap<string, BlockHandle>>()

  constructor(driver: DriverBlocks) {
    this.#driver = driver
  }

  async take(
    { operator, isSaved }: Pick<SnapshotRequest, 'operator' | 'isSaved'>,
    count: number,
    collect: Collect,
  ): Promise<TakenSnapshots> {
    const saved = new Map([...(this.#known.get(operator) ?? [])].filter(([, block]) => isSaved(block)))
    const names = [...saved.keys()]
    const now = new Map<string, BlockHandle>()
    const written: BlockHandle[] = []
    const handleOf = (block: StateBlock) => {
      const handle = saved.get(block.name) ?? this.#write(block, written)
      now.set(block.name, handle)
      return handle
    }
    const release = () => {
      for (const { id } of written) this.#driver.release(id)
    }
    try {
      const partitions: SnapshotRows[] = []
      for (let from = 0; from < count; from += TOGETHER) {
        const some = Array.from({ length: Math.min(TOGETHER, count - from) }, (_, i) => from + i)
        for (const chain of await collect(some, names)) partitions.push(rowsOf(chain, handleOf))
      }
      this.#known.set(operator, now)
      return { partitions, release }
    } catch (error) {
      release()
      throw error
    }
  }

  #write({ payload, codec, count }: StateBlock, written: BlockHandle[]): BlockHandle {
    const handle = this.#driver.writeBytes(payload, codec, count)
    this.#driver.keep(handle)
    written.push(handle)
    return handle
  }
}

function rowsOf(chain: Buffer, handleOf: (block: StateBlock) => BlockHandle): SnapshotRows {
  const keys: TimedKeys[] = []
  const snapshots: Snapshot[] = []
  for (const { key, block } of unpackChain(chain)) {
    const { full, name } = block
    const row = { time: timeOf(block), full, block: handleOf(block) }
    if (key === KEYS) keys.push(row)
    else snapshots.push({ ...row, name, after: snapshots.at(-1)?.name, keys: undefined })
  }
  return { keys, snapshots }
}
