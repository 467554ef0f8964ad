import { CheckpointError, StateError } from '../../errors.js'
import type { FileSystems } from '../../files/file-systems.js'
import type { BlockCodec } from '../../pool/blocks/handle.js'
import type { FaultPlan } from '../../pool/protocol.js'
import type { Checkpoint, SavedBlock } from './checkpoint.js'
import { processFaultPoint } from './fault-points.js'
import { CheckpointFolder, unwritable } from './folder.js'
import { decodeCheckpoint, encodeCheckpoint, mapBlocks } from './format.js'
import { Lease, type OnLost, type TakeOptions } from './lease.js'
import { checkpointName, type DataKind, entryName, type FileName, fileName, filesOfKinds, parseName } from './names.js'
import { type BytesOf, filesOf, readBlocks } from './read-blocks.js'
import { retained } from './retention.js'

/** A block that is in no file yet. Its bytes must not change until they are written. */
export interface BlockBytes {
  readonly bytes: Uint8Array
  readonly codec: BlockCodec
  readonly count: number
  readonly crc: number
}

/** A checkpoint with the bytes of all its blocks, whose checksums have been verified. */
export interface LoadedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly path: string
  readonly bytesOf: BytesOf
}

/** The record of one batch: see `CheckpointStore.record`. */
export interface Entry {
  readonly time: number
  readonly bytes: Buffer
}

/**
 * The files of a checkpoint directory. Every name ends with the term of the owner that wrote it (see lease.ts):
 *
 * ```
 * state-<ms>-<term>-<serial>   blocks of state that were new at that time, one after the other
 * data-<ms>-<term>-<serial>    the same, of datasets that windows need
 * checkpoint-<ms>-<term>       everything else, and where each block is; refers to data files of earlier times too
 * entry-<ms>-<term>            what an owner recorded for the batch of that time
 * log-<ms>-<ms>-<term>-...     the same, and received data: see write-ahead-log.ts
 * owner-<term>                 the owner of the directory
 * ```
 *
 * The store writes and syncs data files first. A checkpoint becomes valid by its rename, so it exists with all its
 * files or not at all. It refers only to data files of its own term: an owner that continues an earlier one links the
 * files it needs under names of its own term. So no deletion by an earlier owner, however late, affects a later owner's
 * data.
 */
export class CheckpointStore {
  readonly #faults: readonly FaultPlan[] | undefined
  /** Data files by the name of the checkpoint that refers to them. */
  readonly #references = new Map<string, ReadonlySet<string>>()
  readonly #files: FileSystems
  #directory: string
  #folder: CheckpointFolder | undefined
  #lease: Lease | undefined
  #serial = 0
  #oldest = Number.NEGATIVE_INFINITY
  #retention = 0

  /** `files`: the file systems of the context, which resolve the directory now. */
  constructor(directory: string, files: FileSystems, faults?: readonly FaultPlan[]) {
    this.#files = files
    this.#directory = files.resolve(directory, 'The checkpoint directory')
    this.#faults = faults
  }

  /** The directory of the files. Once taken, its path contains no symbolic links. */
  get directory(): string {
    return this.#directory
  }

  /** The error of a directory that another context has taken from this store, once a write has found it. */
  get lost(): CheckpointError | undefined {
    return this.#lease?.lost
  }

  /** The time of the oldest checkpoint that the directory keeps, as of the last one that was published. */
  get oldest(): number {
    return this.#oldest
  }

  /** Keeps from now on what replays of the batches of the last `ms` need. */
  retain(ms: number): void {
    this.#retention = ms
  }

  /** The right to write into the directory. @throws StateError unless it is taken. */
  get lease(): Lease {
    return this.#owned()
  }

  /**
   * Takes the directory for this store until `release`.
   *
   * @throws CheckpointError if another context has it and `standby` is not set, or it cannot be written.
   */
  async take(onLost: OnLost, options?: TakeOptions): Promise<void> {
    try {
      this.#lease = await Lease.take(await this.#open(), onLost, options)
      processFaultPoint('owner:claimed', this.#faults)
      this.#folder = this.#lease.folder
      this.#directory = this.#folder.path
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause
      throw unwritable(this.#directory, cause)
    }
  }

  /** Rejects if another context has the directory by now. Needs no file operation unless this process was suspended. */
  async confirm(): Promise<void> {
    await this.#lease?.confirm()
  }

  async release(): Promise<void> {
    await this.#lease?.release()
  }

  /**
   * Returns the newest complete checkpoint; undefined if there is none. Calls `onSkipped` for each damaged one that is
   * newer.
   *
   * @throws CheckpointError if there are checkpoints and none can be read, or for another version of the format.
   */
  async newest(onSkipped: (path: string, cause: unknown) => void = () => {}): Promise<LoadedCheckpoint | undefined> {
    const faults: string[] = []
    let found: LoadedCheckpoint | undefined
    const folder = await this.#open()
    for (const { name } of await this.#named('checkpoint')) {
      const path = folder.pathOf(name)
      try {
        const checkpoint = decodeCheckpoint(await folder.read(name), path)
        this.#references.set(name, filesOf(checkpoint))
        found ??= { checkpoint, path, bytesOf: await readBlocks(folder, checkpoint) }
      } catch (cause) {
        if (cause instanceof CheckpointError && !found) throw cause
        faults.push(`${name}: ${(cause as Error).message}`)
        if (!found) onSkipped(path, cause)
      }
    }
    if (found || faults.length === 0) return found
    throw new CheckpointError(
      `No checkpoint in ${this.#directory} can be read (${faults.join('; ')}). Restore the directory from a backup, use another one, or call StreamingContext.getOrCreate with createOnError: true to start from the beginning.`,
      { directory: this.#directory, faults },
    )
  }

  /**
   * Returns the checkpoint with its data files under names of this owner's term. Later checkpoints can then refer to
   * them, whatever an earlier owner may still delete.
   */
  async adopt({ checkpoint, path, bytesOf }: LoadedCheckpoint): Promise<LoadedCheckpoint> {
    const { term, folder } = this.#owned()
    const names = new Map<string, string>()
    const originals = new Map<string, string>()
    for (const file of filesOf(checkpoint)) {
      const { kind, time } = parseName(file)!
      const own = fileName(kind as DataKind, time, term, this.#serial++)
      const whole = bytesOf({ file, offset: 0, length: Number.MAX_SAFE_INTEGER } as SavedBlock)
      await folder.copy(file, own, whole)
      processFaultPoint('owner:linked', this.#faults)
      names.set(file, own)
      originals.set(own, file)
    }
    processFaultPoint('owner:adopted', this.#faults)
    return {
      path,
      checkpoint: mapBlocks(checkpoint, (block) => ({ ...block, file: names.get(block.file)! })),
      bytesOf: (block) => bytesOf({ ...block, file: originals.get(block.file)! }),
    }
  }

  /** Renames all checkpoints, and the files of the write-ahead log, so that the directory counts as empty. Data files stay. */
  async setAside(): Promise<void> {
    const { term, folder } = this.#owned()
    for (const { name, term: its } of await this.#named('checkpoint', 'log'))
      if (its <= term) await folder.rename(name, `${name}.unreadable`)
    this.#references.clear()
  }

  /** Writes new blocks into one new file. Returns the location of each. */
  async write(kind: DataKind, time: number, blocks: readonly BlockBytes[]): Promise<SavedBlock[]> {
    if (blocks.length === 0) return []
    const lease = await this.#checked()
    const file = fileName(kind, time, lease.term, this.#serial++)
    const pieces = blocks.map(({ bytes }) => bytes)
    await lease.folder.write(file, pieces)
    let offset = 0
    return blocks.map(({ bytes, codec, count, crc }) => {
      const saved = { file, offset, length: bytes.length, crc, codec, count }
      offset += bytes.length
      return saved
    })
  }

  /** Returns the names of all files in the directory. */
  async names(): Promise<ReadonlySet<string>> {
    return new Set(await (await this.#open()).names())
  }

  /** Publishes the checkpoint, then removes files that no checkpoint refers to. Returns the checkpoint's path. */
  async publish(checkpoint: Checkpoint): Promise<string> {
    processFaultPoint('checkpoint:data-written', this.#faults)
    const lease = await this.#checked()
    const name = checkpointName(checkpoint.time, lease.term)
    await lease.folder.publish(name, encodeCheckpoint(checkpoint), async () => {
      processFaultPoint('checkpoint:metadata-written', this.#faults)
      await lease.check()
    })
    this.#references.set(name, filesOf(checkpoint))
    processFaultPoint('checkpoint:published', this.#faults)
    await lease.check()
    await this.#prune(lease)
    return lease.folder.pathOf(name)
  }

  /**
   * Records bytes for the batch at `time`, and replaces this owner's earlier record of it. They are synced when the
   * promise resolves, and kept while a checkpoint before that time exists.
   */
  async record(time: number, bytes: Uint8Array): Promise<void> {
    const lease = await this.#checked()
    await lease.folder.publish(entryName(time, lease.term), bytes, () => lease.check())
  }

  /** Returns the records of the batches after `time`, in order of time: for each batch the one of its latest owner. */
  async recorded(time: number): Promise<Entry[]> {
    const newest = new Map<number, FileName>()
    for (const file of (await this.#named('entry')).reverse()) if (file.time > time) newest.set(file.time, file)
    const files = [...newest.values()].sort((a, b) => a.time - b.time)
    const folder = await this.#open()
    return Promise.all(files.map(async ({ time: at, name }) => ({ time: at, bytes: await folder.read(name) })))
  }

  async #open(): Promise<CheckpointFolder> {
    this.#folder ??= await CheckpointFolder.open(this.#files, this.#directory)
    return this.#folder
  }

  #owned(): Lease {
    if (this.#lease) return this.#lease
    throw new StateError(
      `The checkpoint directory ${this.#directory} was not taken by this context, so it cannot be written.`,
    )
  }

  /** Returns the lease after checking that this context still has it. Creates the directory again if it was removed. */
  async #checked(): Promise<Lease> {
    const lease = this.#owned()
    await lease.folder.create()
    await lease.check()
    return lease
  }

  /** Returns the files of these kinds, newest first. */
  async #named(...kinds: readonly FileName['kind'][]): Promise<FileName[]> {
    return filesOfKinds(await (await this.#open()).names(), ...kinds)
  }

  /** Removes files of this and earlier terms that the newest checkpoints do not need; never files of later terms. */
  async #prune({ term, folder }: Lease): Promise<void> {
    processFaultPoint('checkpoint:pruning', this.#faults)
    const all = (await this.#named('checkpoint')).filter((file) => file.term <= term)
    const kept = retained(all, this.#retention)
    const old = all.filter((file) => !kept.includes(file))
    for (const { name } of old) this.#references.delete(name)
    const needed = new Set([...this.#references.values()].flatMap((files) => [...files]))
    const oldest = Math.min(...kept.map(({ time }) => time))
    this.#oldest = oldest
    const data = (await this.#named('state', 'data')).filter(({ name }) => !needed.has(name))
    const entries = (await this.#named('entry')).filter(({ time }) => time <= oldest)
    const left = (await this.#named('owner', 'temporary')).filter((file) => file.term < term)
    for (const file of [...old, ...data, ...entries, ...left]) {
      if (file.term <= term) await folder.remove(file.name)
    }
  }
}
