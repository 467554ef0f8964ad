import type { Dataset } from '../../ops/dataset.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { StreamNode } from '../../ops/dstream/node.js'
import { StateRdd } from '../../ops/rdd/state.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { Engine } from '../engine.js'
import type { Checkpoint, SavedBlock, SavedRdd, SavedState } from './checkpoint.js'
import type { DataKind } from './names.js'
import { operationOf } from './operations.js'
import { saveAccumulators } from './saved-accumulators.js'
import type { BlockBytes } from './store.js'

/** The data of a context's inputs that a checkpoint saves. */
export interface SavedInputs {
  /** Returns the positions of sources after the batch at `time`. */
  positions(time: number): Checkpoint['positions']
  /** Returns the rates that back-pressure has found for receivers. */
  rates(): Checkpoint['rates']
  /** Called when a checkpoint with everything up to the batch at `time` is written. */
  checkpointed(time: number): void
}

/** Data that is already in files, so it is not written again. */
export interface Saved {
  /** Blocks of state, by id. */
  readonly blocks: ReadonlyMap<number, SavedBlock>
  readonly rdds: readonly SavedRdd[]
}

/** Returns the part of the saved data whose files exist. */
export function inFiles({ blocks, rdds }: Saved, names: ReadonlySet<string>): Saved {
  const exists = ({ file }: SavedBlock) => names.has(file)
  return {
    blocks: new Map([...blocks].filter(([, block]) => exists(block))),
    rdds: rdds.filter(({ partitions }) => partitions?.every(exists) ?? true),
  }
}

/** A block that is in no file yet. `saved` is set when it is written. */
export interface NewBlock {
  readonly kind: DataKind
  readonly block: BlockBytes
  readonly saved: { -readonly [P in keyof SavedBlock]: SavedBlock[P] }
}

export interface Gathered extends Saved {
  readonly checkpoint: Checkpoint
  readonly newBlocks: readonly NewBlock[]
  /** Called when the bytes of the new blocks are no longer needed. */
  done(): void
}

type SavedDataset = Pick<SavedRdd, 'partitions' | 'hashed'>

/** Collects the data of a checkpoint after a batch. Must run while no batch runs. */
export class Gathering {
  readonly #builder: StreamGraph
  readonly #engine: Engine
  readonly #inputs: SavedInputs
  readonly #saved: Saved
  readonly #interval: number
  readonly #rddsSaved: ReadonlyMap<string, SavedRdd>
  readonly #blocks = new Map<number, SavedBlock>()
  readonly #newBlocks: NewBlock[] = []
  /** Datasets by stream and time: several windows may read one. */
  readonly #datasets = new Map<string, Promise<SavedDataset>>()
  readonly #pinned: (() => void)[] = []

  /** `interval`: that of the batches until now, in ms. */
  constructor(builder: StreamGraph, engine: Engine, inputs: SavedInputs, saved: Saved, interval: number) {
    this.#builder = builder
    this.#interval = interval
    this.#engine = engine
    this.#inputs = inputs
    this.#saved = saved
    this.#rddsSaved = new Map(saved.rdds.map((rdd) => [keyOf(rdd), rdd]))
  }

  /**
   * Whether the batches have computed every dataset of a checkpoint. Otherwise the checkpoint would compute them before
   * their batch does: event time would advance too early, and other records would count as late.
   */
  isMade(time: number): boolean {
    return this.#used().every((stream) => {
      const made = new Set(stream.parents[0]?.remembered())
      return stream.neededAfter(time).every((past) => made.has(past))
    })
  }

  async of(time: number, ended: boolean): Promise<Gathered> {
    const done = () => {
      for (const release of this.#pinned.splice(0)) release()
    }
    try {
      const checkpoint = await this.#checkpoint(time, ended)
      return { checkpoint, rdds: checkpoint.rdds, blocks: this.#blocks, newBlocks: this.#newBlocks, done }
    } catch (error) {
      done()
      throw error
    }
  }

  async #checkpoint(time: number, ended: boolean): Promise<Checkpoint> {
    const builder = this.#builder
    const used = this.#used()
    // First of all: computing these datasets may make new versions of state.
    const needed = used.flatMap((stream) => stream.neededAfter(time).map((past) => this.#needed(stream, past)))
    const rdds = await Promise.all(needed.map((save) => save()))
    const states = await Promise.all(used.map((stream) => this.#state(stream)))
    // After the jobs that computed these datasets: they do not run again in the next process.
    const accumulators = saveAccumulators(builder.context)
    const progress = used.flatMap((stream) => {
      const value = stream.progress()
      return value === undefined ? [] : [{ uid: this.#uidOf(stream), value }]
    })
    return {
      time,
      zeroTime: builder.zeroTime,
      batchInterval: this.#interval,
      ended,
      operations: [...builder.uids].map(([stream, uid]) => operationOf(stream, uid, time)),
      progress,
      positions: this.#inputs.positions(time),
      rates: this.#inputs.rates(),
      accumulators,
      states: states.flat(),
      rdds,
    }
  }

  #uidOf(stream: StreamNode): string {
    return this.#builder.uids.get(stream)!
  }

  /** Computes the dataset of a past batch of the parent now, and returns a function that saves it. */
  #needed(window: StreamNode, time: number): () => Promise<SavedRdd> {
    const uid = this.#uidOf(window)
    const parent = window.parents[0]!
    const rdd = parent.getOrCompute(time)
    return async () => {
      const known = this.#rddsSaved.get(keyOf({ uid, time }))
      if (known) return known
      const key = `${parent.id}:${time}`
      if (!this.#datasets.has(key)) this.#datasets.set(key, this.#dataset(rdd))
      return { uid, time, ...(await this.#datasets.get(key)!) }
    }
  }

  /** Children come first: computing what they need may make new versions of their parents' state. */
  #used(): StreamNode[] {
    return this.#builder.streams.filter(({ rememberDuration }) => rememberDuration > 0).reverse()
  }

  /** Computes the partitions that are not persisted; computing persists them. */
  async #dataset(rdd: Dataset | undefined): Promise<SavedDataset> {
    if (!rdd) return { partitions: null, hashed: false }
    const engine = this.#engine
    const all = Array.from({ length: rdd.partitions }, (_, p) => p)
    const missing = all.filter((p) => !engine.locationOf(rdd, p))
    if (missing.length > 0 && engine.sharesMemory) await engine.run(rdd, { op: 'count' }, missing)
    const partitions = all.map((p) => {
      const location = engine.locationOf(rdd, p)
      return location?.in === 'memory' ? this.#save('data', location.block) : undefined
    })
    // The others are in files, which may be removed at any time, were evicted again at memoryLimit, or are with another process.
    const others = all.filter((p) => !partitions[p])
    const collected = others.length > 0 ? await engine.run<unknown[]>(rdd, { op: 'collect' }, others) : []
    for (const [i, p] of others.entries()) partitions[p] = this.#written(collected[i]!)
    return { partitions: partitions as SavedBlock[], hashed: rdd.partitioner?.kind === 'hash' }
  }

  #written(records: readonly unknown[]): SavedBlock {
    const { driver } = this.#engine
    const block = driver.write('records', records)
    driver.keep(block)
    const saved = this.#save('data', block)
    driver.release(block.id)
    return saved
  }

  async #state(stream: StreamNode): Promise<SavedState[]> {
    const { newestVersion: version, id: operator, label } = stream
    if (version === undefined) return []
    const uid = this.#uidOf(stream)
    // A version of an earlier process has its snapshots, but no StateRdd in this process.
    const rdd = stream.remembered().includes(version) ? stream.getOrCompute(version) : undefined
    const request = { operator, label, version, rdd: rdd instanceof StateRdd ? rdd : undefined }
    const isSaved = ({ id }: BlockHandle) => this.#saved.blocks.has(id)
    const { partitions, release } = await this.#engine.snapshots({ ...request, isSaved })
    try {
      return partitions.map(({ snapshots, keys }, partition) => ({
        uid,
        partition,
        version,
        snapshots: snapshots.map(({ block, time, full, name, after }) => {
          return { time, full, name, after, block: this.#save('state', block) }
        }),
        keys: keys.map(({ block, time, full = false }) => ({ time, full, block: this.#save('state', block) })),
      }))
    } finally {
      release()
    }
  }

  #save(kind: DataKind, handle: BlockHandle): SavedBlock {
    const { id, codec, count, crc, length } = handle
    const known = this.#blocks.get(id) ?? this.#saved.blocks.get(id)
    if (known) {
      this.#blocks.set(id, known)
      return known
    }
    const { payload: bytes, unpin } = this.#engine.driver.pinBytes(handle)
    this.#pinned.push(unpin)
    const saved = { file: '', offset: 0, length, crc, codec, count }
    this.#newBlocks.push({ kind, block: { bytes, codec, count, crc }, saved })
    this.#blocks.set(id, saved)
    return saved
  }
}

function keyOf({ uid, time }: Pick<SavedRdd, 'uid' | 'time'>): string {
  return `${time}:${uid}`
}
