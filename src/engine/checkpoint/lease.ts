import { setTimeout } from 'node:timers/promises'
import { CheckpointError } from '../../errors.js'
import type { CheckpointFolder } from './folder.js'
import { highestTerm, ownerName } from './names.js'
import {
  bytesOf,
  describeOwner,
  HEARTBEAT_MS,
  hold,
  isAlive,
  newOwner,
  type Owner,
  ownerOf,
  POLL_MS,
  placeOf,
  readOwner,
  WATCH_MS,
} from './owner-file.js'

/** Called once, when another context takes the directory. */
export type OnLost = (error: CheckpointError) => void

export interface TakeOptions {
  /** Ends a wait for the owner's death or heartbeat. */
  readonly signal?: AbortSignal
  /** Set to wait while another context has the directory, instead of rejecting. */
  readonly standby?: Standby
}

/** Hears of the wait for a directory. */
export interface Standby {
  /** Called once, when the wait begins. */
  waits(owner: Owner | undefined): void
  /** The file system failed during the wait, which continues. */
  failed(error: unknown): void
}

/**
 * The right to write into a checkpoint directory, which one context has at a time. Each lease has a term, one more than
 * every term in the directory. A context acquires it by creating `owner-<term>`, which the file system allows only one
 * context. Every file name contains the term of its writer. An owner deletes only files of its own term and of earlier
 * ones. So an owner that was stopped, replaced and continued cannot remove its successor's files, at whatever
 * instruction it was stopped.
 *
 * ```
 *   no owner file, or its owner is dead ── create owner-<n+1> ──▶ owner of term n+1 ── release ──▶ no owner file
 *                                                                        │
 *                                                    another creates owner-<n+2>: lost
 * ```
 */
export class Lease {
  readonly folder: CheckpointFolder
  readonly term: number
  readonly #owner: Owner
  readonly #held: { release(): void }
  readonly #heartbeat: NodeJS.Timeout
  readonly #onLost: OnLost
  #lost: CheckpointError | undefined
  /** The last moment at which the lease held: by the monotonic clock, which a sleeping machine stops, and by the time of day. */
  #heldAt = { monotonic: performance.now(), day: Date.now() }

  /**
   * Takes the directory, and creates it if it is missing. Needs 2.5 s, or 10 s on a server, if only missing heartbeats show
   * that its owner is dead. Calls `onLost` once another context has taken it.
   *
   * @throws CheckpointError if the directory is in use, unless `standby` waits for it.
   */
  static async take(given: CheckpointFolder, onLost: OnLost, options: TakeOptions = {}): Promise<Lease> {
    const folder = await given.create()
    const { standby, signal } = options
    let found = await Lease.#attempt(folder, onLost, signal)
    if (found instanceof Lease) return found
    if (!standby) throw inUse(folder, found.heldBy)
    standby.waits(found.heldBy)
    while (!(found instanceof Lease)) {
      await setTimeout(POLL_MS[placeOf(folder)], undefined, { signal })
      try {
        found = await Lease.#attempt(await folder.create(), onLost, signal)
      } catch (error) {
        signal?.throwIfAborted()
        standby.failed(error)
      }
    }
    return found
  }

  static async #attempt(
    folder: CheckpointFolder,
    onLost: OnLost,
    signal: AbortSignal | undefined,
  ): Promise<Lease | { readonly heldBy: Owner | undefined }> {
    const last = await ownerOf(folder)
    if (last && (await isAlive(last, folder, signal))) return { heldBy: last.owner }
    const names = await folder.names()
    // Another context may have found the same dead owner, and have replaced it already.
    const now = await ownerOf(folder, names)
    if (now && now.name !== last?.name) return { heldBy: now.owner }
    const term = highestTerm(names) + 1
    const mine = newOwner()
    const name = ownerName(term)
    if (!(await folder.claim(name, bytesOf(mine)))) return { heldBy: await readOwner(folder, name) }
    // Another context may have acquired and released this same term after the names were read.
    const others = (await folder.names()).filter((other) => other !== name)
    if (highestTerm(others) >= term) {
      await folder.remove(name)
      return { heldBy: (await ownerOf(folder))?.owner }
    }
    return new Lease(folder, term, mine, onLost)
  }

  private constructor(folder: CheckpointFolder, term: number, owner: Owner, onLost: OnLost) {
    this.folder = folder
    this.term = term
    this.#owner = owner
    this.#onLost = onLost
    this.#held = hold(owner, folder)
    // After an error of the file system (too many open files, say) the next heartbeat tries again.
    this.#heartbeat = setInterval(() => this.#beat().catch(() => {}), HEARTBEAT_MS[placeOf(folder)])
    this.#heartbeat.unref()
  }

  /** The error of a lease that another context has taken, once a check has found it. */
  get lost(): CheckpointError | undefined {
    return this.#lost
  }

  /** Rejects with CheckpointError once another context has taken the directory. */
  async check(): Promise<void> {
    const heldAt = { monotonic: performance.now(), day: Date.now() }
    const loss = this.#lost ?? (await this.#loss())
    if (!loss) {
      this.#heldAt = heldAt
      return
    }
    if (!this.#lost) {
      this.#lost = loss
      clearInterval(this.#heartbeat)
      this.#onLost(loss)
    }
    throw this.#lost
  }

  /**
   * Checks the lease if the last check is longer ago than two heartbeats, as in a process that was suspended. Without a file
   * operation otherwise.
   */
  async confirm(): Promise<void> {
    const { monotonic, day } = this.#heldAt
    const elapsed = Math.max(performance.now() - monotonic, Math.abs(Date.now() - day))
    if (this.#lost || elapsed > 2 * HEARTBEAT_MS[placeOf(this.folder)]) await this.check()
  }

  /** Releases the directory for other contexts. Removes only its own owner file. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat)
    this.#held.release()
    const { folder } = this
    if ((await readOwner(folder, this.#name))?.token === this.#owner.token) await folder.remove(this.#name)
  }

  get #name(): string {
    return ownerName(this.term)
  }

  async #beat(): Promise<void> {
    await this.check()
    await this.folder.touch(this.#name, bytesOf(this.#owner))
  }

  async #loss(): Promise<CheckpointError | undefined> {
    const { folder, term } = this
    const names = await folder.names()
    const last = await ownerOf(folder, names)
    if (last && last.term > term) return this.#takenBy(last.owner)
    if (highestTerm(names) > term) return this.#takenBy(undefined)
    // Every commit of the log checks the lease, so the file is read once.
    const owner = last?.name === this.#name ? last.owner : await readOwner(folder, this.#name)
    if (owner?.token === this.#owner.token) return undefined
    if (owner) return this.#takenBy(owner)
    // A user removed the file: no other context has taken the directory.
    await folder.claim(this.#name, bytesOf(this.#owner))
    return undefined
  }

  #takenBy(owner: Owner | undefined): CheckpointError {
    const { folder, term } = this
    const directory = folder.path
    return new CheckpointError(
      `The checkpoint directory ${directory} was taken over by ${describeOwner(owner)}, because this process had no heartbeat for ${WATCH_MS[placeOf(folder)] / 1000} s. It writes no more checkpoints, and its streams stop. Run one process per checkpoint directory.`,
      { directory, term, pid: owner?.pid, host: owner?.host },
    )
  }
}

function inUse({ path: directory }: CheckpointFolder, owner: Owner | undefined): CheckpointError {
  return new CheckpointError(
    `The checkpoint directory ${directory} is in use by ${describeOwner(owner)}: two contexts would remove each other's data. Stop that one first, wait for its end with start({ standby: true }), or use another directory.`,
    { directory, pid: owner?.pid, host: owner?.host },
  )
}
