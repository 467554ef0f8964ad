import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { CheckpointError } from '../../errors.js'
import type { BlockCodec } from '../../pool/blocks/handle.js'
import type { FaultPlan } from '../../pool/protocol.js'
import { checkpointFaultPoint } from './fault-points.js'
import { blocksOf, type Checkpoint, decodeCheckpoint, encodeCheckpoint, type SavedBlock } from './format.js'
import { Lease } from './lease.js'

/** The bytes of a block that is in no file yet. They must stay as they are until they are written. */
export interface BlockBytes {
  readonly bytes: Uint8Array
  readonly codec: BlockCodec
  readonly count: number
  readonly crc: number
}

/** State lives in files longer than datasets of windows do, so each has files of its own. */
export type DataKind = 'state' | 'data'

/** A checkpoint with the bytes of all its blocks, checked. */
export interface LoadedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly path: string
  bytesOf(block: SavedBlock): Buffer
}

/** Checkpoints that stay in the directory. */
const KEPT = 10
const NAME = /^checkpoint-(\d+)$/
const DATA = /^(state|data)-\d+-[0-9a-f]{8}$/

/**
 * The files of a checkpoint directory:
 *
 * ```
 * state-<ms>-<random>   blocks of state that were new at that time, one after the other
 * data-<ms>-<random>    the same, of datasets that windows need
 * checkpoint-<ms>       everything else, and where each block is; refers to data files of earlier times too
 * owner                 whose the directory is, see lease.ts
 * ```
 *
 * Data files are written and synced first. The checkpoint counts from its rename on, so it is there with all its files or
 * not at all. A data file goes when no checkpoint that is kept refers to it.
 */
export class CheckpointStore {
  readonly directory: string
  readonly #faults: readonly FaultPlan[] | undefined
  /** Data files by the name of the checkpoint that refers to them. */
  readonly #references = new Map<string, ReadonlySet<string>>()
  #lease: Lease | undefined

  constructor(directory: string, faults?: readonly FaultPlan[]) {
    this.directory = resolve(directory)
    this.#faults = faults
  }

  /**
   * Makes the directory this store's own: nobody else may write into it until `release`. Throws CheckpointError where it is
   * somebody else's, or cannot be written into.
   */
  async take(onLost: (error: CheckpointError) => void): Promise<void> {
    try {
      this.#lease = await Lease.take(this.directory, onLost)
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause
      throw new CheckpointError(
        `No checkpoint can be written into ${this.directory}. Give the path of a directory that this process may write.`,
        { directory: this.directory },
        cause,
      )
    }
  }

  async release(): Promise<void> {
    await this.#lease?.release()
  }

  /**
   * The newest checkpoint that is whole; undefined where there is none at all. `onSkipped` is told of those that are
   * passed over. Throws CheckpointError if there are some and none can be read.
   */
  async newest(onSkipped: (path: string, cause: unknown) => void = () => {}): Promise<LoadedCheckpoint | undefined> {
    const faults: string[] = []
    let found: LoadedCheckpoint | undefined
    for (const name of await this.#checkpoints()) {
      const path = join(this.directory, name)
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
      `No checkpoint in ${this.directory} can be read (${faults.join('; ')}). Restore the directory from a backup, give another one, or call StreamingContext.getOrCreate with createOnError: true to begin anew.`,
      { directory: this.directory, faults },
    )
  }

  /** Renames all checkpoints that are there, so that the directory counts as empty. Their files stay. */
  async setAside(): Promise<void> {
    for (const name of await this.#checkpoints()) {
      const path = join(this.directory, name)
      await rename(path, `${path}.unreadable`)
    }
    this.#references.clear()
  }

  /** Writes blocks that are new into a file of their own; answers with where each is. */
  async write(kind: DataKind, time: number, blocks: readonly BlockBytes[]): Promise<SavedBlock[]> {
    if (blocks.length === 0) return []
    await this.#lease?.check()
    await mkdir(this.directory, { recursive: true })
    const file = `${kind}-${time}-${crypto.randomUUID().slice(0, 8)}`
    await writeSynced(
      join(this.directory, file),
      blocks.map(({ bytes }) => bytes),
    )
    let offset = 0
    return blocks.map(({ bytes, codec, count, crc }) => {
      const saved = { file, offset, length: bytes.length, crc, codec, count }
      offset += bytes.length
      return saved
    })
  }

  /** Makes the checkpoint count; lets older ones go, and data files that no checkpoint refers to any more. */
  async publish(checkpoint: Checkpoint): Promise<string> {
    checkpointFaultPoint('checkpoint:data-written', this.#faults)
    await mkdir(this.directory, { recursive: true })
    const name = `checkpoint-${checkpoint.time}`
    const path = join(this.directory, name)
    await writeSynced(`${path}.tmp`, [encodeCheckpoint(checkpoint)])
    checkpointFaultPoint('checkpoint:metadata-written', this.#faults)
    await this.#lease?.check()
    await rename(`${path}.tmp`, path)
    await this.#syncDirectory()
    this.#references.set(name, filesOf(checkpoint))
    checkpointFaultPoint('checkpoint:published', this.#faults)
    await this.#prune()
    return path
  }

  /** Names of checkpoints, the newest first. */
  async #checkpoints(): Promise<string[]> {
    const timeOf = (name: string) => Number(NAME.exec(name)![1])
    const names = await this.#names()
    return names.filter((name) => NAME.test(name)).sort((a, b) => timeOf(b) - timeOf(a))
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.directory)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw new CheckpointError(
        `The checkpoint directory ${this.directory} cannot be read. Give the path of a directory that this process may read and write.`,
        { directory: this.directory },
        cause,
      )
    }
  }

  /** Reads the data files of a checkpoint and checks every block that it refers to. */
  async #load(checkpoint: Checkpoint): Promise<LoadedCheckpoint['bytesOf']> {
    const files = new Map<string, Buffer>()
    for (const file of filesOf(checkpoint)) files.set(file, await readFile(join(this.directory, file)))
    const bytesOf = ({ file, offset, length }: SavedBlock) => files.get(file)!.subarray(offset, offset + length)
    for (const block of blocksOf(checkpoint)) {
      if (crc32(bytesOf(block)) !== block.crc) throw new Error(`${block.file} is damaged`)
    }
    return bytesOf
  }

  async #prune(): Promise<void> {
    for (const name of (await this.#checkpoints()).slice(KEPT)) {
      await rm(join(this.directory, name), { force: true })
      this.#references.delete(name)
    }
    const needed = new Set([...this.#references.values()].flatMap((files) => [...files]))
    for (const name of await this.#names()) {
      if (DATA.test(name) && !needed.has(name)) await rm(join(this.directory, name), { force: true })
    }
  }

  /** The rename itself must survive a power failure too. */
  async #syncDirectory(): Promise<void> {
    const handle = await open(this.directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

function filesOf(checkpoint: Checkpoint): ReadonlySet<string> {
  return new Set(blocksOf(checkpoint).map(({ file }) => file))
}

async function writeSynced(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const handle = await open(path, 'w')
  try {
    for (const piece of pieces) await handle.writeFile(piece)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
