import { CheckpointError } from '../../../errors.js'
import { checkFileSystems, type FileSystems, type FileSystemsOptions } from '../../../files/file-systems.js'
import { openFileSystems } from '../../../pool/open-file-systems.js'
import type { Checkpoint } from '../checkpoint.js'
import { CheckpointFolder } from '../folder.js'
import { decodeCheckpoint } from '../format.js'
import { type FileName, filesOfKinds } from '../names.js'
import { type BytesOf, readBlocks } from '../read-blocks.js'

/** A file of a checkpoint directory that a process may be writing into meanwhile. */
export interface CheckpointFile extends FileName {
  readonly path: string
}

/** Reads a checkpoint directory beside its owner: takes no lease and writes nothing. */
export class CheckpointFiles {
  readonly directory: string
  readonly #systems: FileSystems
  readonly #folder: CheckpointFolder

  private constructor(systems: FileSystems, folder: CheckpointFolder) {
    this.directory = folder.path
    this.#systems = systems
    this.#folder = folder
  }

  /** @throws ArgumentError for a URL of an unknown file system. */
  static async open(directory: string | URL, options?: FileSystemsOptions): Promise<CheckpointFiles> {
    const systems = openFileSystems(checkFileSystems(options))
    return await CheckpointFiles.within(systems, directory)
  }

  /** Reads through file systems of the caller, who closes them. */
  static async within(systems: FileSystems, directory: string | URL): Promise<CheckpointFiles> {
    const path = systems.resolve(directory, 'The checkpoint directory')
    return new CheckpointFiles(systems, await CheckpointFolder.open(systems, path))
  }

  /** Releases the connections of its file system. */
  close(): Promise<void> {
    return this.#systems.close()
  }

  get folder(): CheckpointFolder {
    return this.#folder
  }

  /**
   * Returns the checkpoints, or the records of batches, the newest first. Rejects with CheckpointError if the directory cannot be
   * read.
   */
  async list(kind: 'checkpoint' | 'entry' = 'checkpoint'): Promise<CheckpointFile[]> {
    const files = filesOfKinds(await this.#folder.names(), kind)
    return files.map((file) => ({ ...file, path: this.#folder.pathOf(file.name) }))
  }

  /** Reads a checkpoint without its blocks. Rejects with an Error that says what is wrong with the file. */
  async read({ name, path }: CheckpointFile): Promise<Checkpoint> {
    return decodeCheckpoint(await this.#folder.read(name), path)
  }

  /** Reads the blocks of a checkpoint, and checks each. Memory: its data files. */
  blocks(checkpoint: Checkpoint): Promise<BytesOf> {
    return readBlocks(this.#folder, checkpoint)
  }

  /**
   * Returns the newest complete checkpoint, or that of the batch at `time`, with its blocks. A file that the owner removes
   * meanwhile counts as damaged.
   *
   * @throws CheckpointError that says why there is none.
   */
  async find(time?: number): Promise<{ readonly checkpoint: Checkpoint; readonly bytesOf: BytesOf }> {
    const all = await this.list()
    const faults: string[] = []
    for (const file of all) {
      if (time !== undefined && file.time !== time) continue
      try {
        const checkpoint = await this.read(file)
        return { checkpoint, bytesOf: await this.blocks(checkpoint) }
      } catch (cause) {
        faults.push(`${file.name}: ${(cause as Error).message}`)
      }
    }
    const which = time === undefined ? 'no complete checkpoint' : `no complete checkpoint of batch ${time} ms`
    const why = faults.length > 0 ? ` (${faults.join('; ')})` : ''
    const times = [...new Set(all.map((file) => file.time))]
    throw new CheckpointError(
      `${this.directory} has ${which}${why}. It has checkpoints of these batches: ${times.join(', ') || 'none'}.`,
      { directory: this.directory, time, faults },
    )
  }
}
