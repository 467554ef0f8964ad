import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CheckpointError } from '../../errors.js'

/** Who has a checkpoint directory, as its file says. */
interface Owner {
  /** Of this lease and no other. */
  readonly token: string
  readonly pid: number
  readonly host: string
  /** A directory that was copied along with the file is nobody's. */
  readonly directory: string
}

const FILE = 'owner'
/** The owner gives a sign of life so often: it sets the time of the file. */
const SIGN_MS = 500
/** One that gives none for so long, while somebody else watches, is dead. */
const WATCH_MS = 2500

/**
 * A checkpoint directory is one context's at a time: two that write into it, say the old and the new process of a service
 * that is being replaced, would remove each other's data. A file tells whose it is. A process of this host that is gone has
 * lost it; of others only signs of life tell. Who was stopped for so long that somebody else took the directory finds out
 * before it writes.
 */
export class Lease {
  readonly #owner: Owner
  readonly #path: string
  readonly #signs: NodeJS.Timeout
  #lost: CheckpointError | undefined

  /**
   * Takes the directory, which is made where it is missing; at once, or after the 2.5 s that it takes to see that an owner
   * elsewhere is dead. `onLost` is told if another takes it. Throws CheckpointError where it is in use.
   */
  static async take(directory: string, onLost: (error: CheckpointError) => void): Promise<Lease> {
    const mine: Owner = { token: crypto.randomUUID(), pid: process.pid, host: hostname(), directory }
    const path = join(directory, FILE)
    await mkdir(directory, { recursive: true })
    for (let first = true; !(await create(path, mine)); first = false) {
      const owner = await read(path)
      // Another is as fast: of those that come at the same time one gets it.
      if (!first || (await isAlive(owner, path, directory))) throw inUse(directory, owner)
      await rm(path, { force: true })
    }
    return new Lease(mine, path, onLost)
  }

  private constructor(owner: Owner, path: string, onLost: (error: CheckpointError) => void) {
    this.#owner = owner
    this.#path = path
    held.add(owner.token)
    this.#signs = setInterval(() => {
      this.#sign().catch(() => {
        // A sign that could not be given, as files are short say, is followed by the next.
        if (!this.#lost) return
        clearInterval(this.#signs)
        onLost(this.#lost)
      })
    }, SIGN_MS)
    this.#signs.unref()
  }

  /** Rejects with CheckpointError if the directory is another's by now. */
  async check(): Promise<void> {
    this.#lost ??= await this.#loss()
    if (this.#lost) throw this.#lost
  }

  /** The directory is free for others. */
  async release(): Promise<void> {
    clearInterval(this.#signs)
    held.delete(this.#owner.token)
    if (!this.#lost && !(await this.#loss())) await rm(this.#path, { force: true })
  }

  async #sign(): Promise<void> {
    await this.check()
    await utimes(this.#path, new Date(), new Date())
  }

  async #loss(): Promise<CheckpointError | undefined> {
    const { directory, token } = this.#owner
    const owner = await read(this.#path)
    if (owner?.token === token) return undefined
    return new CheckpointError(
      `The checkpoint directory ${directory} was taken over by ${named(owner)}, as this process gave no sign of life for a while. It writes no more checkpoints, and its streams end.`,
      { directory, pid: owner?.pid, host: owner?.host },
    )
  }
}

/** Tokens of this thread's own leases. */
const held = new Set<string>()

/** False where the file is there already. */
async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' })
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  }
}

/** Undefined where there is no file, or one that says nothing: its writer is at it, or died of it. */
async function read(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner
  } catch (cause) {
    if (cause instanceof SyntaxError || (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

async function isAlive(owner: Owner | undefined, path: string, directory: string): Promise<boolean> {
  if (owner?.host === hostname()) {
    if (owner.directory !== directory) return false
    if (owner.pid === process.pid && held.has(owner.token)) return true
    if (owner.pid !== process.pid && !isThere(owner.pid)) return false
  }
  // Of another host, or of another thread of this process; or the number of a dead process is used again.
  return givesSigns(path)
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Compares times of the file with each other only: clocks of hosts differ. */
async function givesSigns(path: string): Promise<boolean> {
  const before = await timeOf(path)
  for (let waited = 0; before !== undefined && waited < WATCH_MS; waited += SIGN_MS) {
    await setTimeout(SIGN_MS)
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
