import { mkdir, readdir, readFile, realpath, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CheckpointError } from '../../errors.js'
import { highestTerm, newestFirst, ownerName, parseName } from './names.js'
import { isRunning, processScope } from './process-scope.js'

/** The content of an owner file. */
interface Owner {
  /** Random: of this lease and no other. */
  readonly token: string
  readonly pid: number
  readonly host: string
  /** Where `pid` is unique; undefined where that cannot be known. */
  readonly scope?: string
}

/** The owner sets the time of its file this often. */
const HEARTBEAT_MS = 500
/** An owner whose file keeps its time for this long, while another context watches, is dead. */
const WATCH_MS = 2500

/**
 * The right to write into a checkpoint directory, which one context has at a time. Each lease has a term, one more than
 * every term in the directory, and is held by creating `owner-<term>`: the file system lets one context create it. Every
 * file name carries the term of its writer. An owner deletes files of its own term and of earlier ones only, so an owner
 * that was stopped, replaced and continued cannot remove what its successor wrote, at whatever instruction it stopped.
 *
 * ```
 *   no owner file, or its owner is dead ── create owner-<n+1> ──▶ owner of term n+1 ── release ──▶ no owner file
 *                                                                        │
 *                                                    another creates owner-<n+2>: lost
 * ```
 */
export class Lease {
  /** Without links: what the given path leads to may change later. */
  readonly directory: string
  readonly term: number
  readonly #owner: Owner
  readonly #heartbeat: NodeJS.Timeout
  #lost: CheckpointError | undefined

  /**
   * Takes the directory and creates it if it is missing. Takes 2.5 s if the death of its owner can only be seen by
   * missing heartbeats. Calls `onLost` when another context takes the directory.
   *
   * @throws CheckpointError if the directory is in use.
   */
  static async take(given: string, onLost: (error: CheckpointError) => void): Promise<Lease> {
    await mkdir(given, { recursive: true })
    const directory = await realpath(given)
    const last = await ownerOf(directory)
    if (last && (await isAlive(last, directory))) throw inUse(directory, last.owner)
    const term = highestTerm(await readdir(directory)) + 1
    const mine: Owner = { token: crypto.randomUUID(), pid: process.pid, host: hostname(), scope: processScope() }
    const path = join(directory, ownerName(term))
    if (!(await create(path, mine))) throw inUse(directory, await read(path))
    // Another context may have held and released this very term since the names were read.
    const others = (await readdir(directory)).filter((name) => name !== ownerName(term))
    if (highestTerm(others) >= term) {
      await rm(path, { force: true })
      throw inUse(directory, (await ownerOf(directory))?.owner)
    }
    return new Lease(directory, term, mine, onLost)
  }

  private constructor(directory: string, term: number, owner: Owner, onLost: (error: CheckpointError) => void) {
    this.directory = directory
    this.term = term
    this.#owner = owner
    held.set(owner.token, directory)
    this.#heartbeat = setInterval(() => {
      this.#beat().catch(() => {
        // After a fault of the file system (too many open files, say) the next beat tries again.
        if (!this.#lost) return
        clearInterval(this.#heartbeat)
        onLost(this.#lost)
      })
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  /** Rejects with CheckpointError once another context has taken the directory. */
  async check(): Promise<void> {
    this.#lost ??= await this.#loss()
    if (this.#lost) throw this.#lost
  }

  /** Frees the directory for others. Touches no owner file but its own. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat)
    held.delete(this.#owner.token)
    if ((await read(this.#path))?.token === this.#owner.token) await rm(this.#path, { force: true })
  }

  get #path(): string {
    return join(this.directory, ownerName(this.term))
  }

  async #beat(): Promise<void> {
    await this.check()
    await utimes(this.#path, new Date(), new Date())
  }

  async #loss(): Promise<CheckpointError | undefined> {
    const { directory, term } = this
    const last = await ownerOf(directory)
    if (last && last.term > term) return this.#takenBy(last.owner)
    if (highestTerm(await namesIn(directory)) > term) return this.#takenBy(undefined)
    const owner = await read(this.#path)
    if (owner?.token === this.#owner.token) return undefined
    if (owner) return this.#takenBy(owner)
    // Removed by hand: no other context has taken the directory.
    await create(this.#path, this.#owner)
    return undefined
  }

  #takenBy(owner: Owner | undefined): CheckpointError {
    const { directory, term } = this
    return new CheckpointError(
      `The checkpoint directory ${directory} was taken over by ${named(owner)}, as this process showed no heartbeat for a while. It writes no more checkpoints, and its streams end. Run one process for each checkpoint directory.`,
      { directory, term, pid: owner?.pid, host: owner?.host },
    )
  }
}

/** Tokens and directories of this thread's own leases. */
const held = new Map<string, string>()

/** An owner file as another context finds it; `owner` is undefined while its content is missing. */
interface Found {
  readonly term: number
  readonly path: string
  readonly owner: Owner | undefined
}

async function ownerOf(directory: string): Promise<Found | undefined> {
  const owners = (await namesIn(directory)).map(parseName).filter((name) => name?.kind === 'owner')
  const [last] = owners.filter((name) => name !== undefined).sort(newestFirst)
  if (!last) return undefined
  const path = join(directory, last.name)
  return { term: last.term, path, owner: await read(path) }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}

/** False if the file exists. */
async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' })
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  }
}

/** Undefined if there is no file, or one without content: its writer is writing it, or died before. */
async function read(path: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Owner | null
    return typeof owner?.token === 'string' ? owner : undefined
  } catch (cause) {
    if (cause instanceof SyntaxError || (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** Counts an owner as dead only on proof: a process of the same scope that is gone, or missing heartbeats. */
async function isAlive({ owner, path }: Found, directory: string): Promise<boolean> {
  const own = owner && held.get(owner.token)
  // Held by this thread: the file may still be a copy, in a copy of the directory.
  if (own !== undefined) return isSameDirectory(own, directory)
  const scope = processScope()
  if (owner && scope !== undefined && owner.scope === scope && !isRunning(owner.pid)) return false
  return showsHeartbeat(path)
}

async function isSameDirectory(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => stat(path).catch(() => undefined)))
  return first !== undefined && first.dev === second?.dev && first.ino === second.ino
}

/** Compares times of the file with each other only: clocks of hosts differ. */
async function showsHeartbeat(path: string): Promise<boolean> {
  const before = await timeOf(path)
  for (let waited = 0; before !== undefined && waited < WATCH_MS; waited += HEARTBEAT_MS) {
    await setTimeout(HEARTBEAT_MS)
    const now = await timeOf(path)
    if (now !== before) return now !== undefined
  }
  return false
}

async function timeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs
}

function named(owner: Owner | undefined): string {
  return owner ? `process ${owner.pid} of host ${owner.host}` : 'another process'
}

function inUse(directory: string, owner: Owner | undefined): CheckpointError {
  return new CheckpointError(
    `The checkpoint directory ${directory} is in use by ${named(owner)}: two contexts would remove each other's data. Stop that one first, or give this one a directory of its own.`,
    { directory, pid: owner?.pid, host: owner?.host },
  )
}
