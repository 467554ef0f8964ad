import { CheckpointError } from '../../../errors.js'
import type { FileSystems } from '../../../files/file-systems.js'
import { messageOf } from '../../../values/message-of.js'
import { type BatchEntry, checkEntry } from '../../checkpoint/batch-entry.js'
import type { Checkpoint } from '../../checkpoint/checkpoint.js'
import { unsealed } from '../../checkpoint/format.js'
import { type CheckpointFile, CheckpointFiles } from '../../checkpoint/offline/checkpoint-files.js'
import { checkDirectory } from '../../checkpoint/options.js'
import type { LoadedCheckpoint } from '../../checkpoint/store.js'
import { keysOf } from '../../write-ahead-log/heads.js'
import { LogContent, type LoggedBlock } from '../../write-ahead-log/log-content.js'
import { readBody } from '../../write-ahead-log/log-reader.js'

/** A checkpoint without its blocks. */
interface Readable {
  readonly file: CheckpointFile
  readonly checkpoint: Checkpoint
}

/** A way to a past batch: the checkpoint from which its replay begins, and the batches from there to it. */
export interface Route {
  /** The batch of the checkpoint. */
  readonly from: number
  readonly batchInterval: number
  /** The batches to run in order, of which the last is the one to replay. */
  readonly times: readonly number[]
}

/** A recorded batch, in a list of what can be replayed. */
export interface ListedBatch {
  readonly time: number
  /** Records that receivers had for it. */
  readonly received: number
  /** Outputs whose digest is recorded. */
  readonly digests: number
  /** The way to it; undefined if it cannot be replayed. */
  readonly route: Route | undefined
  /** Why it cannot be replayed. */
  readonly fault: string | undefined
}

/** The past batches that a checkpoint directory has recorded. Reads it beside its owner, and writes nothing. */
export class RecordedBatches {
  readonly #files: CheckpointFiles
  readonly #entries: ReadonlyMap<number, BatchEntry>
  readonly #log: LogContent
  /** The newest first. */
  readonly #checkpoints: readonly Readable[]

  private constructor(
    files: CheckpointFiles,
    entries: ReadonlyMap<number, BatchEntry>,
    log: LogContent,
    checkpoints: readonly Readable[],
  ) {
    this.#files = files
    this.#entries = entries
    this.#log = log
    this.#checkpoints = checkpoints
  }

  /** Reads through file systems of the caller, who closes them. Cost and errors: see `read`. */
  static async in(directory: string, systems: FileSystems): Promise<RecordedBatches> {
    return await RecordedBatches.read(await CheckpointFiles.within(systems, checkDirectory(directory)))
  }

  /** Cost: reads all checkpoints without their blocks, and the whole write-ahead log. @throws CheckpointError */
  static async read(files: CheckpointFiles): Promise<RecordedBatches> {
    const entries = new Map<number, BatchEntry>()
    for (const { name, time, path } of (await files.list('entry')).reverse()) {
      const entry = await unlessDamaged(async () =>
        checkEntry(JSON.parse(unsealed('record', await files.folder.read(name), path))),
      )
      if (entry) entries.set(time, entry)
    }
    const log = await LogContent.read(files.folder, () => {})
    for (const [time, entry] of log.entries) {
      const checked = await unlessDamaged(async () => checkEntry(entry))
      if (checked) entries.set(time, checked)
    }
    const checkpoints: Readable[] = []
    for (const file of await files.list()) {
      const checkpoint = await unlessDamaged(() => files.read(file))
      if (checkpoint) checkpoints.push({ file, checkpoint })
    }
    return new RecordedBatches(files, entries, log, checkpoints)
  }

  /** Returns all recorded batches, the newest first. */
  list(): ListedBatch[] {
    const times = [...this.#entries.keys()].sort((a, b) => b - a)
    return times.map((time) => {
      const { received, digests } = this.#entries.get(time)!
      const records = received.reduce((sum, [, count]) => sum + count, 0)
      const found = this.#routes(time)
      const [route] = found.routes
      return { time, received: records, digests: digests.length, route, fault: route ? undefined : found.fault }
    })
  }

  /**
   * Returns the shortest way to a batch, with the checkpoint from which it begins.
   *
   * @throws CheckpointError that says why the batch cannot be replayed, and which can.
   */
  async route(time: number): Promise<{ readonly route: Route; readonly loaded: LoadedCheckpoint }> {
    const { routes, fault } = this.#routes(time)
    let why = fault
    for (const route of routes) {
      for (const { file, checkpoint } of this.#checkpoints.filter((each) => each.checkpoint.time === route.from)) {
        try {
          return { route, loaded: { checkpoint, path: file.path, bytesOf: await this.#files.blocks(checkpoint) } }
        } catch (error) {
          why = `${file.name}: ${messageOf(error)}`
        }
      }
    }
    throw this.#unreachable(time, why!)
  }

  /** Returns the interval with which a context replays the batch. @throws CheckpointError as `route` does. */
  batchInterval(time: number): number {
    const { routes, fault } = this.#routes(time)
    if (routes[0]) return routes[0].batchInterval
    throw this.#unreachable(time, fault!)
  }

  partitionsOf(uid: string, time: number): readonly object[] | undefined {
    return this.#entries.get(time)?.assigned.find(([id]) => id === uid)?.[1]
  }

  /** Returns the blocks that a receiver had for the batch, in order. */
  blocksOf(uid: string, time: number): readonly LoggedBlock[] {
    return this.#rangesOf(uid, time).flatMap((range) => keysOf(range).map((key) => this.#log.blocks.get(key)!))
  }

  read({ body }: LoggedBlock): Promise<Buffer> {
    return readBody(this.#files.folder, body)
  }

  digestsOf(time: number): ReadonlyMap<string, string> {
    return new Map(this.#entries.get(time)?.digests)
  }

  #rangesOf(uid: string, time: number): BatchEntry['blocks'] {
    return this.#entries.get(time)?.blocks.filter(([of]) => of === uid) ?? []
  }

  /** The ways to a batch, the shortest first; the reason if there is none. */
  #routes(time: number): { readonly routes: readonly Route[]; readonly fault: string | undefined } {
    if (!this.#entries.has(time)) return { routes: [], fault: 'its input is not recorded' }
    const before = this.#checkpoints.filter(({ checkpoint }) => checkpoint.time < time)
    const starts = [...new Set(before.map(({ checkpoint }) => checkpoint.time))].sort((a, b) => b - a)
    if (starts.length === 0) return { routes: [], fault: 'no checkpoint before it is kept' }
    const routes: Route[] = []
    let fault: string | undefined
    for (const from of starts) {
      const found = this.#routeFrom(from, time)
      if (typeof found !== 'string') routes.push(found)
      else if (routes.length === 0) fault ??= found
      else break
    }
    return { routes, fault }
  }

  /** The way from the checkpoint at `from`; why there is none. */
  #routeFrom(from: number, time: number): Route | string {
    const batchInterval = this.#intervalBetween(from, time)
    const { zeroTime } = this.#checkpoints.find(({ checkpoint }) => checkpoint.time === from)!.checkpoint
    const times: number[] = []
    // With another batchInterval, the batch of the checkpoint may lie between two.
    for (let at = zeroTime + Math.floor((from - zeroTime) / batchInterval) * batchInterval; at < time; ) {
      at += batchInterval
      const fault = this.#fault(at)
      if (fault !== undefined) return at === time ? fault : `batch ${at} ms, which runs before it, cannot: ${fault}`
      times.push(at)
    }
    return times.at(-1) === time ? { from, batchInterval, times } : 'the batches before it had another interval'
  }

  /** The interval of the batches after one checkpoint, up to a batch that the next may contain. */
  #intervalBetween(from: number, time: number): number {
    const after = this.#checkpoints.findLast(({ checkpoint }) => checkpoint.time >= time)
    const at = after ?? this.#checkpoints.find(({ checkpoint }) => checkpoint.time === from)!
    return at.checkpoint.batchInterval
  }

  /** Why the input of a batch cannot be read again. */
  #fault(time: number): string | undefined {
    const entry = this.#entries.get(time)
    if (!entry) return 'its input is not recorded'
    for (const [uid, records] of entry.received) {
      const keys = this.#rangesOf(uid, time).flatMap(keysOf)
      if (keys.length === 0 && records > 0)
        return `the receiver '${uid}' had ${records} records, and no write-ahead log has them (writeAheadLog: true)`
      const lost = keys.filter((key) => !this.#log.blocks.has(key)).length
      if (lost > 0) return `${lost} of ${keys.length} blocks of the receiver '${uid}' are not in the write-ahead log`
    }
    return undefined
  }

  #unreachable(time: number, why: string): CheckpointError {
    const { directory } = this.#files
    const possible = this.list().flatMap((batch) => (batch.route ? [batch.time] : []))
    const which =
      possible.length > 0
        ? `It can replay ${possible.length} batches from ${possible.at(-1)} to ${possible[0]} ms; 'millrace replay' without --batch lists them.`
        : 'It can replay no batch. Set replayRetention, and writeAheadLog for receivers, to keep the input of batches.'
    return new CheckpointError(`Batch ${time} ms of ${directory} cannot be replayed: ${why}. ${which}`, {
      directory,
      batchTime: time,
      why,
    })
  }
}

/** A file that the owner removes meanwhile counts as damaged, too. An error of the package's own, such as another version, counts. */
async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof CheckpointError) throw error
    return undefined
  }
}
