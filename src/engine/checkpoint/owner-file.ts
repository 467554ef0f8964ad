import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { isRunning, processScope } from '../../files/process-scope.js'
import { hasReason } from '../../files/reasons.js'
import type { CheckpointFolder } from './folder.js'
import { filesOfKinds } from './names.js'

/** The content of an owner file. */
export interface Owner {
  /** Random, so it identifies one lease. */
  readonly token: string
  readonly pid: number
  readonly host: string
  /** The set of processes in which `pid` is unique; undefined if it is unknown. */
  readonly scope?: string
}

/** An owner file as another context finds it; `owner` is undefined while its content is missing. */
export interface FoundOwner {
  readonly term: number
  readonly name: string
  readonly owner: Owner | undefined
}

/** Ms between two heartbeats: the owner updates the time of its file. A server needs time to answer. */
export const HEARTBEAT_MS = { local: 500, remote: 2000 }
/** Ms without a heartbeat, while another context watches, after which an owner is dead. */
export const WATCH_MS = { local: 2500, remote: 10_000 }
/** Ms between two looks at the owner. */
export const POLL_MS = { local: 100, remote: 1000 }

/** Tokens and directories of this thread's own leases. */
const held = new Map<string, CheckpointFolder>()

export function placeOf({ isRemote }: CheckpointFolder): 'local' | 'remote' {
  return isRemote ? 'remote' : 'local'
}

/** Returns the content of a new owner file of this process. */
export function newOwner(): Owner {
  return { token: crypto.randomUUID(), pid: process.pid, host: hostname(), scope: processScope() }
}

export function bytesOf(owner: Owner): Buffer {
  return Buffer.from(JSON.stringify(owner))
}

/** This thread holds the lease of that owner, until `release`. */
export function hold({ token }: Owner, folder: CheckpointFolder): { release(): void } {
  held.set(token, folder)
  return { release: () => void held.delete(token) }
}

export function describeOwner(owner: Owner | undefined): string {
  return owner ? `process ${owner.pid} of host ${owner.host}` : 'another process'
}

/** Returns the owner of the highest term. */
export async function ownerOf(folder: CheckpointFolder, names?: readonly string[]): Promise<FoundOwner | undefined> {
  const [last] = filesOfKinds(names ?? (await folder.names()), 'owner')
  return last && { term: last.term, name: last.name, owner: await readOwner(folder, last.name) }
}

/** Reads an owner file. Undefined if there is none, or it is empty: its writer is writing it, or died before. */
export async function readOwner(folder: CheckpointFolder, name: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse((await folder.read(name)).toString()) as Owner | null
    return typeof owner?.token === 'string' ? owner : undefined
  } catch (cause) {
    if (cause instanceof SyntaxError || hasReason(cause, 'missing')) return undefined
    throw cause
  }
}

/**
 * Counts an owner as dead only with proof: its process, in the same scope, is gone, or its heartbeats are missing. Rejects
 * when `signal` aborts, and if the file system fails.
 */
export async function isAlive(found: FoundOwner, folder: CheckpointFolder, signal?: AbortSignal): Promise<boolean> {
  const own = found.owner && held.get(found.owner.token)
  // This thread holds the lease, unless the file is a copy in a copy of the directory.
  if (own !== undefined) return await isSame(own, folder)
  return await showsHeartbeat(found, folder, signal)
}

async function isSame(a: CheckpointFolder, b: CheckpointFolder): Promise<boolean> {
  if (a.path === b.path) return true
  const [first, second] = await Promise.all([a, b].map((folder) => folder.status()))
  return !a.isRemote && !b.isRemote && first !== undefined && first.file.id === second?.file.id
}

/** Waits for a heartbeat. Compares times of the file only with each other, because clocks of hosts differ. */
async function showsHeartbeat(
  { owner, name }: FoundOwner,
  folder: CheckpointFolder,
  signal?: AbortSignal,
): Promise<boolean> {
  const place = placeOf(folder)
  const before = await statusOf(folder, name)
  // Counts waits instead of reading a clock: a watcher that was suspended has seen nothing meanwhile.
  for (let waited = 0; before !== undefined && waited < WATCH_MS[place]; waited += POLL_MS[place]) {
    if (isGone(owner)) return false
    await setTimeout(POLL_MS[place], undefined, { signal })
    const now = await statusOf(folder, name)
    if (now !== before) return now !== undefined
  }
  return false
}

function isGone(owner: Owner | undefined): boolean {
  const scope = processScope()
  return owner !== undefined && scope !== undefined && owner.scope === scope && !isRunning(owner.pid)
}

async function statusOf(folder: CheckpointFolder, name: string): Promise<string | undefined> {
  const status = await folder.status(name)
  return status && JSON.stringify(status.file)
}
