import type { BlockHandle } from '../pool/blocks/handle.js'
import type { SegmentPool } from '../pool/blocks/segment-pool.js'
import type { MemoryReport, SegmentGrant } from '../pool/protocol.js'

interface Entry {
  readonly handle: BlockHandle
  readonly owners: Set<number>
  /** The driver itself keeps rooted blocks (received data, values, snapshots): they need no lineage. */
  readonly rooted: boolean
  /** Running tasks that read it: its memory must not be reused under them. */
  pins: number
  released: boolean
  /** Told when the last owner of a block without a root is gone. */
  readonly onLost: (() => void) | undefined
}

/** News for a thread's block store; it travels with the next task, or by the control plane if none comes. */
export interface ThreadNews {
  readonly adopt: BlockHandle[]
  readonly release: number[]
  readonly forget: number[]
}

export interface BlockManagerOptions {
  readonly pool: SegmentPool
  readonly replicas: number
  /** Ids of the threads that may own blocks, the spare last. */
  readonly threads: () => readonly number[]
}

/**
 * The driver's book of blocks: who owns each, who reads it now, and when its memory can be used again. A block without
 * an owner and without a root is lost: its lineage makes it again when somebody asks for it.
 */
export class BlockManager {
  readonly #options: BlockManagerOptions
  readonly #blocks = new Map<number, Entry>()
  readonly #owned = new Map<number, Set<Entry>>()
  readonly #news = new Map<number, ThreadNews>()
  readonly #knownSegments = new Map<number, Set<number>>()
  #turn = 0

  constructor(options: BlockManagerOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#blocks.size
  }

  has(id: number): boolean {
    return this.#blocks.has(id)
  }

  /** Owners of a block, for placement and for the storage view. */
  owners(id: number): readonly number[] {
    return [...(this.#blocks.get(id)?.owners ?? [])]
  }

  /** Takes over what a task of `thread` wrote. Blocks come with it, so that their memory counts as used at once. */
  accept(thread: number, report: MemoryReport, blocks: readonly BlockHandle[]): void {
    this.#options.pool.accept(thread, report, blocks)
    const known = this.#known(thread)
    for (const { id } of report.created) known.add(id)
    this.#dropped()
  }

  /** Enters an accepted block. `writer` 0 is the driver. Further owners are chosen in turn. */
  register(handle: BlockHandle, writer: number, options: { rooted?: boolean; onLost?: () => void } = {}): void {
    const entry: Entry = {
      handle,
      owners: new Set(),
      rooted: options.rooted ?? false,
      pins: 0,
      released: false,
      onLost: options.onLost,
    }
    this.#blocks.set(handle.id, entry)
    const alive = this.#options.threads()
    if (alive.includes(writer)) this.#own(entry, writer)
    this.#replicate(entry, alive)
    if (!entry.rooted && entry.owners.size === 0) this.#lose(entry)
  }

  /** Nobody will ask for the block again; its memory is free once no task reads it. */
  release(id: number): void {
    const entry = this.#blocks.get(id)
    if (!entry || entry.released) return
    entry.released = true
    for (const thread of entry.owners) {
      this.#owned.get(thread)?.delete(entry)
      this.#tell(thread).release.push(id)
    }
    if (entry.pins === 0) this.#drop(entry)
  }

  /** Accepted blocks that nobody will enter: their memory is free again. */
  discard(handles: readonly BlockHandle[]): void {
    for (const { segment } of handles) this.#options.pool.release(segment)
    this.#dropped()
  }

  pin(ids: readonly number[]): void {
    for (const id of ids) {
      const entry = this.#blocks.get(id)
      if (entry) entry.pins++
    }
  }

  unpin(ids: readonly number[]): void {
    for (const id of ids) {
      const entry = this.#blocks.get(id)
      if (entry && --entry.pins === 0 && entry.released) this.#drop(entry)
    }
  }

  /**
   * A thread is dead. Its blocks get another owner, by way of `news`; those without any owner left are lost unless they
   * are rooted. Answers with the blocks whose bytes the new owners should verify, by new owner.
   */
  threadLost(thread: number): { readonly lost: number; readonly adopted: ReadonlyMap<number, readonly BlockHandle[]> } {
    const alive = this.#options.threads()
    const adopted = new Map<number, BlockHandle[]>()
    let lost = 0
    for (const entry of this.#owned.get(thread) ?? []) {
      entry.owners.delete(thread)
      if (entry.owners.size === 0 && !entry.rooted) {
        lost++
        this.#lose(entry)
        continue
      }
      for (const owner of this.#replicate(entry, alive, false)) {
        const list = adopted.get(owner)
        if (list) list.push(entry.handle)
        else adopted.set(owner, [entry.handle])
      }
    }
    this.#owned.delete(thread)
    this.#news.delete(thread)
    this.#knownSegments.delete(thread)
    return { lost, adopted }
  }

  /** A new owner found a block's bytes to be wrong: it is lost, whoever else owns it (they share the bytes). */
  corrupt(id: number): void {
    const entry = this.#blocks.get(id)
    if (entry) this.#lose(entry)
  }

  /** What `thread` must be told before it does anything else; empties the list. */
  takeNews(thread: number): ThreadNews | undefined {
    const news = this.#news.get(thread)
    this.#news.delete(thread)
    return news
  }

  /** Threads that have news waiting. */
  threadsWithNews(): number[] {
    return [...this.#news.keys()]
  }

  /** The segments among these that `thread` does not know yet; from now on it does. */
  grants(thread: number, blocks: readonly BlockHandle[]): SegmentGrant[] {
    const known = this.#known(thread)
    const grants: SegmentGrant[] = []
    for (const { segment } of blocks) {
      if (known.has(segment)) continue
      known.add(segment)
      grants.push({ id: segment, memory: this.#options.pool.memory(segment) })
    }
    return grants
  }

  /** `thread` was given this segment by another way. */
  knows(thread: number, segment: number): void {
    this.#known(thread).add(segment)
  }

  #replicate(entry: Entry, alive: readonly number[], tell = true): number[] {
    const added: number[] = []
    for (let i = 0; i < alive.length && entry.owners.size < this.#options.replicas; i++) {
      const thread = alive[this.#turn++ % alive.length]!
      if (entry.owners.has(thread)) continue
      this.#own(entry, thread)
      if (tell) this.#tell(thread).adopt.push(entry.handle)
      added.push(thread)
    }
    return added
  }

  #own(entry: Entry, thread: number): void {
    entry.owners.add(thread)
    let owned = this.#owned.get(thread)
    if (!owned) this.#owned.set(thread, (owned = new Set()))
    owned.add(entry)
  }

  #lose(entry: Entry): void {
    if (entry.released) return
    this.release(entry.handle.id)
    entry.onLost?.()
  }

  #drop(entry: Entry): void {
    this.#blocks.delete(entry.handle.id)
    this.#options.pool.release(entry.handle.segment)
    this.#dropped()
  }

  #dropped(): void {
    const dropped = this.#options.pool.takeDropped()
    if (dropped.length === 0) return
    for (const [thread, known] of this.#knownSegments) {
      const forget = dropped.filter((id) => known.delete(id))
      if (forget.length > 0) this.#tell(thread).forget.push(...forget)
    }
  }

  #tell(thread: number): ThreadNews {
    let news = this.#news.get(thread)
    if (!news) this.#news.set(thread, (news = { adopt: [], release: [], forget: [] }))
    return news
  }

  #known(thread: number): Set<number> {
    let known = this.#knownSegments.get(thread)
    if (!known) this.#knownSegments.set(thread, (known = new Set()))
    return known
  }
}
