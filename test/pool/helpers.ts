import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach } from 'vitest'
import type { PoolThread } from '#build/pool/pool-thread.js'
import type { TaskMessage, TaskResult } from '#build/pool/protocol.js'
import { ThreadPool, type ThreadPoolOptions } from '#build/pool/thread-pool.js'

export const entry = new URL('./fixtures/entry.mjs', import.meta.url)
const opened: ThreadPool[] = []

/** A pool of the test's entry, which is closed after the test. */
export async function openPool(options: Partial<ThreadPoolOptions> = {}): Promise<ThreadPool> {
  const log = { warn: () => {} }
  const pool = await ThreadPool.open({ threads: 2, entry, boot: { codegen: false }, log, ...options })
  opened.push(pool)
  return pool
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((pool) => pool.close()))
})

/** Two shared words: the task sets the first when it has begun, the test sets the second to let it go. */
export type Gate = Int32Array<SharedArrayBuffer>

export function newGate(): Gate {
  return new Int32Array(new SharedArrayBuffer(8))
}

export async function entered(gate: Gate): Promise<void> {
  await reached(gate, 1)
}

/** Resolves when the first word is at least `count`. */
export async function reached(words: Gate, count: number): Promise<void> {
  for (let seen = Atomics.load(words, 0); seen < count; seen = Atomics.load(words, 0)) {
    await Atomics.waitAsync(words, 0, seen).value
  }
}

export function open(gate: Gate): void {
  Atomics.store(gate, 1, 1)
  Atomics.notify(gate, 1)
}

/** Runs a command of fixtures/entry.mjs. */
export async function run(
  pool: ThreadPool,
  thread: PoolThread,
  command: string,
  args: object = {},
): Promise<TaskResult> {
  const [result] = await pool.run(thread, [{ command, ...args } as unknown as TaskMessage])
  return result!
}

/** The error that a promise rejects with; fails if it resolves. */
export async function rejection<T extends Error>(promise: Promise<unknown>): Promise<T> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error as T
  }
  throw new Error(`resolved with ${JSON.stringify(value)} instead of rejecting`)
}

/** Runs a script of fixtures/ in a process of its own and parses what it prints. */
export async function inProcess(script: string, ...args: string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`./fixtures/${script}`, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args], { timeout: 100_000 })
  return JSON.parse(stdout)
}
