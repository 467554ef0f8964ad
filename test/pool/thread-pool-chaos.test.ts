import { expect, onTestFinished, test } from 'vitest'
import { ThreadLostError } from '#build/errors.js'
import type { PoolThread } from '#build/pool/pool-thread.js'
import type { ThreadPool } from '#build/pool/thread-pool.js'
import { openPool, run } from './helpers.js'

const SEED = Number(process.env.SEED ?? 1)
const KILLS_PER_SECOND = 20
const KILLS = Number(process.env.CHAOS_SECONDS ?? 4) * KILLS_PER_SECOND

test(`20 kills a second: every call settles and the pool comes back (SEED=${SEED})`, async () => {
  const random = generator(SEED)
  const lost = new Set<PoolThread>()
  const gone: PoolThread[] = []
  const pool = await openPool({
    threads: 3,
    onThreadLost: (thread) => lost.add(thread),
    onThreadGone: (thread) => gone.push(thread),
  })
  await pool.whenStrong()

  let over = false
  let kills = 0
  const counts = { answered: 0, lost: 0 }
  const enough = new Promise<void>((resolve) => {
    const killer = setInterval(() => {
      // Threads that boot are shot at too, but not before one is ready: where boots take long, none would ever be.
      if (pool.ready().length === 0) return
      void pick(pool.threads(), random)!.worker.terminate()
      if (++kills < KILLS || counts.answered === 0 || counts.lost === 0) return
      clearInterval(killer)
      resolve()
    }, 1_000 / KILLS_PER_SECOND)
    onTestFinished(() => clearInterval(killer))
  })
  const clients = Array.from({ length: 6 }, (_, i) => client(pool, generator(SEED + 1 + i), counts, () => over))
  await enough
  over = true
  await Promise.all(clients)

  await pool.whenStrong()
  expect(pool.ready().map((thread) => thread.slot)).toEqual([0, 1, 2])
  expect(pool.threads().map((thread) => thread.state)).toEqual(['ready', 'ready', 'ready', 'ready'])
  expect(pool.threads().map((thread) => thread.inFlight)).toEqual([0, 0, 0, 0])
  expect(new Set(gone)).toEqual(lost)
  expect(gone).toHaveLength(lost.size)
  for (const thread of pool.threads()) {
    expect(await run(pool, thread, 'echo', { value: thread.id })).toMatchObject({ value: thread.id })
    expect(await thread.control.ping()).toBe(thread.id)
  }
})

/** Calls threads without pause; an answer must come from the thread that was asked, a rejection must be its loss. */
async function client(
  pool: ThreadPool,
  random: () => number,
  counts: { answered: number; lost: number },
  over: () => boolean,
): Promise<void> {
  while (!over()) {
    const thread = pick(pool.ready(), random)
    if (!thread) {
      await new Promise((resolve) => setImmediate(resolve))
      continue
    }
    try {
      if (random() < 0.3) expect(await thread.control.ping()).toBe(thread.id)
      else if (random() < 0.5)
        expect(await run(pool, thread, 'echo', { value: thread.id })).toMatchObject({ value: thread.id })
      else await run(pool, thread, 'work', { ms: random() * 10 })
      counts.answered++
    } catch (error) {
      expect(error).toBeInstanceOf(ThreadLostError)
      expect(error).toBe(thread.loss)
      counts.lost++
    }
  }
}

function pick<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)]
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
