import { BlockLostError } from '../errors.js'
import { append } from '../ops/append.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { SegmentPool } from '../pool/blocks/segments.js'
import type { MemoryReport, SegmentGrant } from '../pool/protocol.js'
import type { DiskStore } from './disk-store.js'
import { NewsDesk, type ThreadNews } from './thread-news.js'

interface Entry {
  /** Under which the block is known: the id of its first bytes, and of copies that took their place. */
  readonly ids: number[]
  /** The bytes that are read now. */
  handle: BlockHandle
  /** Threads that hold these bytes, and vouch for them. */
  readonly owners: Set<number>
  /** Further bytes, by the thread that made them; undefined until they are made. */
  readonly copies: Map<number, BlockHandle | undefined>
  /** Bytes that are read no more, but may have been planned for tasks that still run. */
  readonly retired: BlockHandle[]
  /** The driver itself keeps rooted blocks (received data, values, snapshots): they need no lineage. */
  readonly rooted: boolean
  /** Planned and running tasks that read it: its memory must not be reused under them. */
  pins: number
  released: boolean
  /** Told when the last owner of a block without a root is gone. */
  readonly onLost: (() => void) | undefined
}

export interface BlockManagerOptions {
  readonly pool: SegmentPool
  readonly replicas: number
  /** `reference`: further owners hold the same memory. `copy`: they make bytes of their own, a little later. */
  readonly replication: 'reference' | 'copy'
  /** Ids of the threads that may own blocks, the spare last. */
  readonly threads: () => readonly number[]
  /** Blocks in files, which tasks pin along with those in memory. */
  readonly files?: DiskStore
}

/** What the death of a thread did to its blocks. */
export interface BlocksAfterLoss {
  readonly lost: number
  /** Blocks whose bytes their new owners should verify, by new owner. */
  readonly adopted: ReadonlyMap<number, readonly BlockHandle[]>
}

/**
 * The driver's book of blocks: who owns each, who reads it now, and when its memory can be used again. A block without
 * an owner and without a root is lost: its lineage makes it again when somebody asks for it.
 */
export class BlockManager {
  readonly #options: BlockManagerOptions
  /** By every id of a block. */
  readonly #blocks = new Map<number, Entry>()
  /** Blocks in which a thread has a part, as owner or by a copy. */
  readonly #held = new Map<number, Set<Entry>>()
  /** Blocks with fewer owners than they should have, because there were not enough threads. */
  readonly #short = new Set<Entry>()
  /** Corrupt blocks that nothing can make again, until they are released. */
  readonly #damaged = new Set<number>()
  readonly #desk: NewsDesk
  #turn = 0
  #leavingBytes = 0

  constructor(options: BlockManagerOptions) {
    this.#options = options
    this.#desk = new NewsDesk(options.pool)
  }

  get size(): number {
    return new Set(this.#blocks.values()).size
  }

  /** Bytes of released blocks whose memory comes free when the tasks that read them are done. */
  get leavingBytes(): number {
    return this.#leavingBytes
  }

  has(id: number): boolean {
    return this.#blocks.has(id)
  }

  /** Threads that hold the block, by owning its bytes or a copy of them. */
  owners(id: number): readonly number[] {
    const entry = this.#blocks.get(id)
    return entry ? [...entry.owners, ...entry.copies.keys()] : []
  }

  /** Where the block's bytes are now: a copy may have taken the place of the handle that its users know. */
  current(handle: BlockHandle): BlockHandle {
    if (this.#damaged.has(handle.id)) {
      throw new BlockLostError(
        `Block ${handle.id} was found to be corrupt, has no copy and no lineage. With replication: 'copy' a second copy would have taken its place.`,
        { block: handle.id },
      )
    }
    return this.#blocks.get(handle.id)?.handle ?? handle
  }

  /** Takes over what a task of `thread` wrote. Blocks come with it, so that their memory counts as used at once. */
  accept(thread: number, report: MemoryReport, blocks: readonly Pick<BlockHandle, 'segment'>[]): void {
    this.#options.pool.accept(thread, report, blocks)
    for (const { id } of report.created) this.#desk.knows(thread, id)
    this.#desk.dropped()
  }

  /** Enters an accepted block. `writer` 0 is the driver. Further owners are chosen in turn. */
  register(handle: BlockHandle, writer: number, options: { rooted?: boolean; onLost?: () => void } = {}): void {
    const entry: Entry = {
      ids: [handle.id],
      handle,
      owners: new Set(),
      copies: new Map(),
      retired: [],
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
    this.#damaged.delete(id)
    const entry = this.#blocks.get(id)
    if (!entry || entry.released) return
    entry.released = true
    this.#short.delete(entry)
    for (const thread of entry.owners) {
      this.#held.get(thread)?.delete(entry)
      this.#desk.of(thread).release.push(entry.handle.id)
    }
    for (const [thread, copy] of entry.copies) {
      this.#held.get(thread)?.delete(entry)
      if (copy) this.#desk.of(thread).release.push(copy.id)
    }
    if (entry.pins === 0) this.#drop(entry)
    else this.#leavingBytes += entry.handle.length
  }

  /** Accepted blocks that nobody will enter: their memory is free again. */
  discard(handles: readonly BlockHandle[]): void {
    for (const { segment } of handles) this.#options.pool.release(segment)
    this.#desk.dropped()
  }

  /** Accepted blocks of `thread` that nobody will enter, and that it holds as its own: it is to give them up. */
  refuse(thread: number, handles: readonly BlockHandle[]): void {
    this.discard(handles)
    for (const { id } of handles) this.#desk.of(thread).release.push(id)
  }

  /** Planned tasks read these blocks and files (whose ids are negative): they stay until as many calls of `unpin`. */
  pin(ids: readonly number[]): void {
    this.#options.files?.pin(ids)
    for (const id of ids) {
      const entry = this.#blocks.get(id)
      if (entry) entry.pins++
    }
  }

  unpin(ids: readonly number[]): void {
    this.#options.files?.unpin(ids)
    for (const id of ids) {
      const entry = this.#blocks.get(id)
      if (!entry || --entry.pins > 0) continue
      this.discard(entry.retired.splice(0))
      if (!entry.released) continue
      this.#leavingBytes -= entry.handle.length
      this.#drop(entry)
    }
  }

  /** A thread is dead. Its blocks get another owner or a copy takes their place; those with neither are lost. */
  threadLost(thread: number): BlocksAfterLoss {
    const alive = this.#options.threads()
    const adopted = new Map<number, BlockHandle[]>()
    let lost = 0
    const held = this.#held.get(thread) ?? []
    this.#held.delete(thread)
    this.#desk.threadLost(thread)
    for (const entry of held) {
      const copy = entry.copies.get(thread)
      if (copy) this.discard([copy])
      entry.copies.delete(thread)
      entry.owners.delete(thread)
      if (entry.owners.size === 0 && !entry.rooted && !this.#useCopy(entry)) {
        lost++
        this.#lose(entry)
        continue
      }
      this.#adoptInto(adopted, entry, alive)
    }
    return { lost, adopted }
  }

  /** A thread has come: blocks that had too few owners get another. Answers as threadLost does. */
  replenish(): BlocksAfterLoss['adopted'] {
    const adopted = new Map<number, BlockHandle[]>()
    const alive = this.#options.threads()
    for (const entry of [...this.#short]) this.#adoptInto(adopted, entry, alive)
    return adopted
  }

  /** The bytes of a block were found to be wrong: a copy takes their place, or the block is lost. */
  corrupt(id: number): void {
    const entry = this.#blocks.get(id)
    if (!entry || entry.released) return
    for (const thread of entry.owners) this.#held.get(thread)?.delete(entry)
    entry.owners.clear()
    if (this.#useCopy(entry)) return
    const { ids } = entry
    this.#lose(entry)
    if (!entry.onLost) for (const each of ids) this.#damaged.add(each)
  }

  /** A thread has made the copy that it was asked for. */
  copied(original: BlockHandle, copy: BlockHandle, thread: number): void {
    const entry = this.#blocks.get(original.id)
    if (entry && !entry.released && entry.copies.has(thread)) {
      entry.copies.set(thread, copy)
      return
    }
    this.discard([copy])
    this.#desk.of(thread).release.push(copy.id)
  }

  /** What `thread` must be told before it does anything else; empties the list. Blocks that are gone are left out. */
  takeNews(thread: number): ThreadNews | undefined {
    const news = this.#desk.take(thread)
    if (!news) return undefined
    const live = (handle: BlockHandle) => this.#blocks.get(handle.id)?.released === false
    return { ...news, adopt: news.adopt.filter(live), copy: news.copy.filter(live) }
  }

  /** The parts of the news that a task cannot carry stay for the control plane. */
  leaveCopies(thread: number, { copy }: ThreadNews): void {
    if (copy.length > 0) append(this.#desk.of(thread).copy, copy)
  }

  threadsWithNews(): number[] {
    return this.#desk.waiting()
  }

  /** The memory of those segments that the thread does not know yet; from now on it does. */
  grants(thread: number, segments: readonly number[]): SegmentGrant[] {
    return this.#desk.grants(thread, segments)
  }

  /** Segments for a call on the control plane; `knows` once it is answered. */
  grantsAside(blocks: readonly BlockHandle[]): SegmentGrant[] {
    return this.#desk.grantsAside(blocks)
  }

  /** `thread` has been given these segments by another way. */
  knows(thread: number, grants: readonly SegmentGrant[]): void {
    for (const { id } of grants) this.#desk.knows(thread, id)
  }

  #adoptInto(adopted: Map<number, BlockHandle[]>, entry: Entry, alive: readonly number[]): void {
    for (const owner of this.#replicate(entry, alive, false)) {
      const list = adopted.get(owner)
      if (list) list.push(entry.handle)
      else adopted.set(owner, [entry.handle])
    }
  }

  #replicate(entry: Entry, alive: readonly number[], tell = true): number[] {
    const { replicas, replication } = this.#options
    const added: number[] = []
    for (let i = 0; i < alive.length && entry.owners.size + entry.copies.size < replicas; i++) {
      const thread = alive[this.#turn++ % alive.length]!
      if (entry.owners.has(thread) || entry.copies.has(thread)) continue
      if (replication === 'copy' && entry.owners.size > 0) {
        entry.copies.set(thread, undefined)
        this.#hold(entry, thread)
        this.#desk.of(thread).copy.push(entry.handle)
        continue
      }
      this.#own(entry, thread)
      if (tell) this.#desk.of(thread).adopt.push(entry.handle)
      added.push(thread)
    }
    if (entry.owners.size + entry.copies.size < replicas) this.#short.add(entry)
    else this.#short.delete(entry)
    return added
  }

  /** The first copy that is there becomes the block; planned tasks still read the bytes before. */
  #useCopy(entry: Entry): boolean {
    for (const [thread, copy] of entry.copies) {
      if (!copy) continue
      entry.copies.delete(thread)
      if (entry.pins > 0) entry.retired.push(entry.handle)
      else this.discard([entry.handle])
      entry.handle = copy
      entry.owners.add(thread)
      entry.ids.push(copy.id)
      this.#blocks.set(copy.id, entry)
      return true
    }
    return false
  }

  #own(entry: Entry, thread: number): void {
    entry.owners.add(thread)
    this.#hold(entry, thread)
  }

  #hold(entry: Entry, thread: number): void {
    let held = this.#held.get(thread)
    if (!held) {
      held = new Set()
      this.#held.set(thread, held)
    }
    held.add(entry)
  }

  #lose(entry: Entry): void {
    if (entry.released) return
    this.release(entry.handle.id)
    entry.onLost?.()
  }

  #drop(entry: Entry): void {
    for (const id of entry.ids) this.#blocks.delete(id)
    this.discard([entry.handle, ...entry.retired, ...[...entry.copies.values()].filter((copy) => copy !== undefined)])
  }
}
