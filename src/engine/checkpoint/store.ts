import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { CheckpointError, StateError } from '../../errors.js'
import type { BlockCodec } from '../../pool/blocks/handle.js'
import type { FaultPlan } from '../../pool/protocol.js'
import { checkpointFaultPoint } from './fault-points.js'
import { linkOrCopy, namesOf, publishSynced, syncDirectory, writeSynced } from './files.js'
import { blocksOf, type Checkpoint, decodeCheckpoint, encodeCheckpoint, mapBlocks, type SavedBlock } from './format.js'
import { Lease } from './lease.js'
import { checkpointName, type DataKind, entryName, type FileName, fileName, newestFirst, parseName } from './names.js'

/** The bytes of a block that is in no file yet. They must not change until they are written. */
export interface BlockBytes {
  readonly bytes: Uint8Array
  readonly codec: BlockCodec
  readonly count: number
  readonly crc: number
}

/** A checkpoint with the bytes of all its blocks, checked. */
export interface LoadedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly path: string
  bytesOf(block: SavedBlock): Buffer
}

/** What was recorded for one batch: see `CheckpointStore.record`. */
export interface Entry {
  readonly time: number
  readonly bytes: Buffer
}

/** Checkpoints that stay in the directory. */
const KEPT = 10

/**
 * The files of a checkpoint directory. Every name ends with the term of the owner that wrote it (see lease.ts):
 *
 * ```
 * state-<ms>-<term>-<serial>   blocks of state that were new at that time, one after the other
 * data-<ms>-<term>-<serial>    the same, of datasets that windows need
 * checkpoint-<ms>-<term>       everything else, and where each block is; refers to data files of earlier times too
 * entry-<ms>-<term>            what an owner recorded for the batch of that time
 * owner-<term>                 the owner of the directory
 * ```
 *
 * The store writes and syncs data files first. A checkpoint counts from its rename on, so it is there with all its files
 * or not at all. It refers to data files of its own term only: an owner that continues an earlier one links the files it
 * needs under names of its own. So no deletion by an earlier owner, however late, can reach a later owner's data.
 */
export class CheckpointStore {
  readonly #faults: readonly FaultPlan[] | undefined
  /** Data files by the name of the checkpoint that refers to them. */
  readonly #references = new Map<string, ReadonlySet<string>>()
  #directory: string
  #lease: Lease | undefined
  #serial = 0

  constructor(directory: string, faults?: readonly FaultPlan[]) {
    this.#directory = resolve(directory)
    this.#faults = faults
  }

  /** Where the files are: once the directory is taken, a path without links. */
  get directory(): string {
    return this.#directory
  }

  /**
   * Makes the directory this store's own until `release`.
   *
   * @throws CheckpointError if another context has it, or it cannot be written.
   */
  async take(onLost: (error: CheckpointError) => void): Promise<void> {
    try {
      this.#lease = await Lease.take(this.#directory, onLost)
      this.#directory = this.#lease.directory
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause
      throw new CheckpointError(
        `No checkpoint can be written into ${this.#directory}. Give the path of a directory that this process may write.`,
        { directory: this.#directory },
        cause,
      )
    }
  }

  async release(): Promise<void> {
    await this.#lease?.release()
  }

  /**
   * The newest checkpoint that is whole; undefined if there is none at all. Calls `onSkipped` for each that is damaged.
   *
   * @throws CheckpointError if there are checkpoints and none can be read.
   */
  async newest(onSkipped: (path: string, cause: unknown) => void = () => {}): Promise<LoadedCheckpoint | undefined> {
    const faults: string[] = []
    let found: LoadedCheckpoint | undefined
    for (const { name } of await this.#files('checkpoint')) {
      const path = join(this.#directory, name)
      try {
        const checkpoint = decodeCheckpoint(await readFile(path))
        this.#references.set(name, filesOf(checkpoint))
        found ??= { checkpoint, path, bytesOf: await this.#load(checkpoint) }
      } catch (cause) {
        faults.push(`${name}: ${(cause as Error).message}`)
        if (!found) onSkipped(path, cause)
      }
    }
    if (found || faults.length === 0) return found
    throw new CheckpointError(
      `No checkpoint in ${this.#directory} can be read (${faults.join('; ')}). Restore the directory from a backup, give another one, or call StreamingContext.getOrCreate with createOnError: true to begin anew.`,
      { directory: this.#directory, faults },
    )
  }

  /**
   * The checkpoint with its data files under names of this owner's term, so that later checkpoints can refer to them
   * whatever an earlier owner still deletes.
   */
  async adopt({ checkpoint, path, bytesOf }: LoadedCheckpoint): Promise<LoadedCheckpoint> {
    const names = new Map<string, string>()
    const originals = new Map<string, string>()
    for (const file of filesOf(checkpoint)) {
      const { kind, time } = parseName(file)!
      const own = fileName(kind as DataKind, time, this.#owned().term, this.#serial++)
      const whole = bytesOf({ file, offset: 0, length: Number.MAX_SAFE_INTEGER } as SavedBlock)
      await linkOrCopy(join(this.#directory, file), join(this.#directory, own), whole)
      names.set(file, own)
      originals.set(own, file)
    }
    return {
      path,
      checkpoint: mapBlocks(checkpoint, (block) => ({ ...block, file: names.get(block.file)! })),
      bytesOf: (block) => bytesOf({ ...block, file: originals.get(block.file)! }),
    }
  }

  /** Renames all checkpoints, so that the directory counts as empty. Their files stay. */
  async setAside(): Promise<void> {
    const { term } = this.#owned()
    for (const file of await this.#files('checkpoint')) {
      if (file.term > term) continue
      const path = join(this.#directory, file.name)
      await rename(path, `${path}.unreadable`)
    }
    this.#references.clear()
  }

  /** Writes new blocks into a file of their own. Returns where each is. */
  async write(kind: DataKind, time: number, blocks: readonly BlockBytes[]): Promise<SavedBlock[]> {
    if (blocks.length === 0) return []
    const lease = await this.#checked()
    const file = fileName(kind, time, lease.term, this.#serial++)
    const pieces = blocks.map(({ bytes }) => bytes)
    await writeSynced(join(this.#directory, file), pieces)
    let offset = 0
    return blocks.map(({ bytes, codec, count, crc }) => {
      const saved = { file, offset, length: bytes.length, crc, codec, count }
      offset += bytes.length
      return saved
    })
  }

  /** Makes the checkpoint count, then removes files that are no longer needed. Returns its path. */
  async publish(checkpoint: Checkpoint): Promise<string> {
    checkpointFaultPoint('checkpoint:data-written', this.#faults)
    const lease = await this.#checked()
    const name = checkpointName(checkpoint.time, lease.term)
    const path = join(this.#directory, name)
    await publishSynced(path, encodeCheckpoint(checkpoint), async () => {
      checkpointFaultPoint('checkpoint:metadata-written', this.#faults)
      await lease.check()
    })
    await syncDirectory(this.#directory)
    this.#references.set(name, filesOf(checkpoint))
    checkpointFaultPoint('checkpoint:published', this.#faults)
    await lease.check()
    await this.#prune(lease.term)
    return path
  }

  /**
   * Records bytes for the batch at `time`, synced when it resolves; replaces what this owner recorded for it before. They
   * stay as long as a checkpoint before that time does.
   */
  async record(time: number, bytes: Uint8Array): Promise<void> {
    const lease = await this.#checked()
    await publishSynced(join(this.#directory, entryName(time, lease.term)), bytes, () => lease.check())
    await syncDirectory(this.#directory)
  }

  /** What was recorded for the batches after `time`, by the last owner that recorded something for each; in order of time. */
  async recorded(time: number): Promise<Entry[]> {
    const newest = new Map<number, FileName>()
    for (const file of (await this.#files('entry')).reverse()) if (file.time > time) newest.set(file.time, file)
    const files = [...newest.values()].sort((a, b) => a.time - b.time)
    return Promise.all(
      files.map(async (file) => ({ time: file.time, bytes: await readFile(join(this.#directory, file.name)) })),
    )
  }

  #owned(): Lease {
    if (this.#lease) return this.#lease
    throw new StateError(`The checkpoint directory ${this.#directory} is written before it is taken.`)
  }

  /** The lease, after a look whether it still holds. The directory is created again if somebody removed it. */
  async #checked(): Promise<Lease> {
    const lease = this.#owned()
    await mkdir(this.#directory, { recursive: true })
    await lease.check()
    return lease
  }

  /** The newest first. */
  async #files(...kinds: readonly FileName['kind'][]): Promise<FileName[]> {
    const files = (await namesOf(this.#directory)).map(parseName).filter((file) => file !== undefined)
    return files.filter(({ kind }) => kinds.includes(kind)).sort(newestFirst)
  }

  /** Reads the data files of a checkpoint and checks every block that it refers to. */
  async #load(checkpoint: Checkpoint): Promise<LoadedCheckpoint['bytesOf']> {
    const files = new Map<string, Buffer>()
    for (const file of filesOf(checkpoint)) files.set(file, await readFile(join(this.#directory, file)))
    const bytesOf = ({ file, offset, length }: SavedBlock) => files.get(file)!.subarray(offset, offset + length)
    for (const block of blocksOf(checkpoint)) {
      const bytes = bytesOf(block)
      if (bytes.length !== block.length || crc32(bytes) !== block.crc) throw new Error(`${block.file} is damaged`)
    }
    return bytesOf
  }

  /** Removes what the kept checkpoints do not need: files of this term and of earlier ones, never of later ones. */
  async #prune(term: number): Promise<void> {
    const kept = (await this.#files('checkpoint')).filter((file) => file.term <= term)
    const old = kept.splice(KEPT)
    for (const { name } of old) this.#references.delete(name)
    const needed = new Set([...this.#references.values()].flatMap((files) => [...files]))
    const oldest = Math.min(...kept.map(({ time }) => time))
    const data = (await this.#files('state', 'data')).filter(({ name }) => !needed.has(name))
    const entries = (await this.#files('entry')).filter(({ time }) => time <= oldest)
    const left = (await this.#files('owner', 'temporary')).filter((file) => file.term < term)
    for (const file of [...old, ...data, ...entries, ...left]) {
      if (file.term <= term) await rm(join(this.#directory, file.name), { force: true })
    }
  }
}

function filesOf(checkpoint: Checkpoint): ReadonlySet<string> {
  return new Set(blocksOf(checkpoint).map(({ file }) => file))
}
