import { CheckpointError } from '../../errors.js'
import type { StreamBuilder } from '../../ops/dstream/builder.js'
import type { Stream } from '../../ops/dstream/dstream.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import { StateRdd } from '../../ops/rdd/state.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { DRIVER, type Engine } from '../engine.js'
import type { Inputs } from '../inputs.js'
import type { Checkpoint, SavedBlock, SavedRdd, SavedState } from './format.js'
import type { DataKind } from './names.js'
import type { BlockBytes } from './store.js'

/** What is in files already, so that it is not written again. */
export interface Saved {
  /** Blocks of state, by their ids. */
  readonly blocks: ReadonlyMap<number, SavedBlock>
  readonly rdds: readonly SavedRdd[]
}

/** A block that is in no file yet; `place` is filled in when it is. */
export interface NewBlock {
  readonly kind: DataKind
  readonly block: BlockBytes
  readonly place: { -readonly [P in keyof SavedBlock]: SavedBlock[P] }
}

export interface Gathered extends Saved {
  readonly checkpoint: Checkpoint
  readonly news: readonly NewBlock[]
  /** The bytes of the new blocks are no longer needed. */
  done(): void
}

/** Attempts to have snapshots of all partitions, where threads die or blocks turn out to be corrupt on the way. */
const ATTEMPTS = 3

/** Collects what a checkpoint after the batch at a time consists of. To be called while no batch runs. */
export class Gathering {
  readonly #builder: StreamBuilder
  readonly #engine: Engine
  readonly #inputs: Inputs
  readonly #saved: Saved
  readonly #rddsSaved: ReadonlyMap<string, SavedRdd>
  readonly #blocks = new Map<number, SavedBlock>()
  readonly #news: NewBlock[] = []
  readonly #held: (() => void)[] = []

  constructor(builder: StreamBuilder, engine: Engine, inputs: Inputs, saved: Saved) {
    this.#builder = builder
    this.#engine = engine
    this.#inputs = inputs
    this.#saved = saved
    this.#rddsSaved = new Map(saved.rdds.map((rdd) => [`${rdd.stream}:${rdd.time}`, rdd]))
  }

  /**
   * Whether batches have made all that belongs to a checkpoint. If not, it would be made sooner than without checkpoints:
   * event time would know of records sooner then, and take others as late.
   */
  isMade(time: number): boolean {
    return this.#used().every((stream) => {
      const made = new Set(stream.parents[0]?.remembered())
      return stream.neededAfter(time).every((past) => made.has(past))
    })
  }

  async of(time: number, ended: boolean): Promise<Gathered> {
    const done = () => {
      for (const release of this.#held.splice(0)) release()
    }
    try {
      const checkpoint = await this.#checkpoint(time, ended)
      return { checkpoint, rdds: checkpoint.rdds, blocks: this.#blocks, news: this.#news, done }
    } catch (error) {
      done()
      throw error
    }
  }

  async #checkpoint(time: number, ended: boolean): Promise<Checkpoint> {
    const builder = this.#builder
    const used = this.#used()
    const needed = new Map<string, readonly [Stream<unknown>, number, Rdd<unknown> | undefined]>()
    for (const stream of used) {
      for (const past of stream.neededAfter(time)) {
        const parent = stream.parents[0]!
        needed.set(`${parent.id}:${past}`, [parent, past, parent.getOrCompute(past)])
      }
    }
    const rdds = await Promise.all([...needed].map(([name, of]) => this.#rddsSaved.get(name) ?? this.#dataset(...of)))
    const states = await Promise.all(used.map((stream) => this.#state(stream)))
    const progress = used.flatMap((stream) => {
      const value = stream.progress()
      return value === undefined ? [] : [{ stream: stream.id, value }]
    })
    return {
      time,
      zeroTime: builder.zeroTime,
      ended,
      graph: builder.shape(),
      progress,
      positions: this.#inputs.positions(time),
      states: states.flat(),
      rdds,
    }
  }

  /** Children first: what they need may have their parents make versions of state, which then are the newest. */
  #used(): Stream<unknown>[] {
    return this.#builder.streams.filter(({ rememberDuration }) => rememberDuration > 0).reverse()
  }

  /** What of a dataset is not kept is computed, and kept from then on. */
  async #dataset(stream: Stream<unknown>, time: number, rdd: Rdd<unknown> | undefined): Promise<SavedRdd> {
    if (!rdd) return { stream: stream.id, time, partitions: null, hashed: false }
    const engine = this.#engine
    const all = Array.from({ length: rdd.partitions }, (_, p) => p)
    const missing = all.filter((p) => !engine.placeOf(rdd, p))
    if (missing.length > 0) await engine.run(rdd, { op: 'count' }, missing)
    const partitions = await Promise.all(all.map((p) => this.#partition(rdd, p)))
    return { stream: stream.id, time, partitions, hashed: rdd.partitioner?.kind === 'hash' }
  }

  async #partition(rdd: Rdd<unknown>, partition: number): Promise<SavedBlock> {
    const engine = this.#engine
    const place = engine.placeOf(rdd, partition)
    if (place?.in === 'memory') return this.#place('data', place.block)
    // In a file of its own, which may go at any time, or let go again because of memoryLimit.
    const [records] = await engine.run<unknown[]>(rdd, { op: 'collect' }, [partition])
    const block = engine.write('records', records!)
    engine.blocks.register(block, DRIVER, { rooted: true })
    const saved = this.#place('data', block)
    engine.blocks.release(block.id)
    return saved
  }

  async #state(stream: Stream<unknown>): Promise<SavedState[]> {
    const { newestVersion: version, id: operator } = stream
    if (version === undefined) return []
    await this.#snapshots(stream, version)
    return this.#engine.states.saved(operator, version).map(({ snapshots, keys }, partition) => ({
      operator,
      partition,
      version,
      snapshots: snapshots.map(({ block, time, full, name, after }) => {
        return { time, full, name, after, block: this.#place('state', block) }
      }),
      keys: keys.map(({ block, time, full = false }) => ({ time, full, block: this.#place('state', block) })),
    }))
  }

  /** The tasks of the batch have written most snapshots, if not all. */
  async #snapshots(stream: Stream<unknown>, version: number): Promise<void> {
    const { states } = this.#engine
    // A version that an earlier process made has its snapshots, and is no version of kept state here.
    const made = stream.remembered().includes(version) ? stream.getOrCompute(version) : undefined
    // Not the dataset itself: where that is persisted, tasks would read its blocks and look at no state.
    const rdd = made instanceof StateRdd ? made.made() : undefined
    for (let attempt = 0; ; attempt++) {
      const missing = states.unsaved(stream.id, version, rdd?.partitions)
      if (missing.length === 0) return
      if (!rdd || attempt === ATTEMPTS) {
        throw new CheckpointError(
          `The state of stream ${stream.id} (${stream.label}) at ${version} ms has no snapshot of partitions ${missing.join(', ')}.`,
          { operator: stream.id, version, missing },
        )
      }
      await this.#engine.run(rdd, { op: 'count' }, missing)
    }
  }

  #place(kind: DataKind, handle: BlockHandle): SavedBlock {
    const { id, codec, count, crc, length } = handle
    const known = this.#blocks.get(id) ?? this.#saved.blocks.get(id)
    if (known) {
      this.#blocks.set(id, known)
      return known
    }
    const { payload: bytes, done } = this.#engine.hold(handle)
    this.#held.push(done)
    const place = { file: '', offset: 0, length, crc, codec, count }
    this.#news.push({ kind, block: { bytes, codec, count, crc }, place })
    this.#blocks.set(id, place)
    return place
  }
}
