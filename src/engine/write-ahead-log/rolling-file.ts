import type { AppendOutput } from '../../files/file-system.js'
import type { FaultPlan } from '../../pool/protocol.js'
import { processFaultPoint } from '../checkpoint/fault-points.js'
import type { CheckpointFolder } from '../checkpoint/folder.js'
import { logName } from '../checkpoint/names.js'
import type { CheckedLogOptions } from './options.js'

export interface RollingFileOptions extends Omit<CheckedLogOptions, 'flushInterval'> {
  readonly folder: CheckpointFolder
  /** The term of the owner that writes. */
  readonly term: number
  readonly faults?: readonly FaultPlan[]
}

interface Current {
  readonly name: string
  readonly stop: number
  readonly output: AppendOutput
  bytes: number
}

/** Where pieces were written. */
export interface Written {
  readonly file: string
  readonly offset: number
}

/**
 * The end of a log: the file that grows. The next file begins at the first write after `rollingInterval` or `maxBytes`, and after a
 * failed write, which may have left a part of a record. No file exists before the first write. On a file system whose files appear
 * whole, each write is a file.
 */
export class RollingFile {
  readonly #options: RollingFileOptions
  #current: Current | undefined
  #serial = 0

  constructor(options: RollingFileOptions) {
    this.#options = options
  }

  /** The name of the file that may still grow. */
  get growing(): string | undefined {
    return this.#current?.name
  }

  /** Writes the pieces at `time`. When it resolves, they survive a power failure. One call at a time. */
  async write(time: number, pieces: readonly Uint8Array[]): Promise<Written> {
    const { maxBytes, closeAfterWrite, faults } = this.#options
    const current = this.#current
    if (current && (time > current.stop || current.bytes >= maxBytes)) await this.close()
    processFaultPoint('log:before-append', faults)
    const { name, output, bytes: offset } = (this.#current ??= await this.#open(time))
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    try {
      await this.#append(output, pieces)
      processFaultPoint('log:appended', faults)
      await output.sync()
    } catch (error) {
      await this.close()
      throw error
    }
    processFaultPoint('log:synced', faults)
    this.#current.bytes += bytes
    if (closeAfterWrite || output instanceof WholeFile) await this.close()
    return { file: name, offset }
  }

  /** Closes the file, which keeps its contents. */
  async close(): Promise<void> {
    const current = this.#current
    this.#current = undefined
    await current?.output.close().catch(() => undefined)
  }

  async #open(time: number): Promise<Current> {
    const { folder, term, rollingInterval } = this.#options
    const stop = time + rollingInterval
    const name = logName(time, stop, term, this.#serial++)
    const output = (await folder.append(name)) ?? new WholeFile(folder, name)
    return { name, stop, output, bytes: 0 }
  }

  async #append(output: AppendOutput, pieces: readonly Uint8Array[]): Promise<void> {
    const { faults } = this.#options
    if (!faults?.some(({ point }) => point === 'log:half-appended')) return await output.append(pieces)
    const all = Buffer.concat(pieces)
    const half = Math.floor(all.length / 2)
    await output.append([all.subarray(0, half)])
    processFaultPoint('log:half-appended', faults)
    await output.append([all.subarray(half)])
  }
}

/** A file that appears with one write, where files cannot grow. */
class WholeFile implements AppendOutput {
  readonly #folder: CheckpointFolder
  readonly #name: string
  readonly #pieces: Uint8Array[] = []

  constructor(folder: CheckpointFolder, name: string) {
    this.#folder = folder
    this.#name = name
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    this.#pieces.push(...pieces)
  }

  async sync(): Promise<void> {
    await this.#folder.write(this.#name, this.#pieces)
  }

  async close(): Promise<void> {}
}
