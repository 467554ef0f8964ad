import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { CheckpointStore } from '#build/engine/checkpoint/store.js'
import { CHECKPOINT_FAULT_POINTS } from '#build/pool/fault-points.js'
import { asAfterKill, known, listed, localFiles, scratch } from './support.js'

const CHILD = fileURLToPath(new URL('./stopped-owner.mjs', import.meta.url))
const { directory, manual } = scratch()

function counting(at: string, from: number) {
  const { ssc, clock } = manual(from, { checkpointDir: at })
  const sums = listed(
    known(ssc, (i) => [i])
      .map((n) => ['sum', n] as [string, number])
      .updateStateByKey((values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)),
  )
  return { ssc, clock, sums }
}

async function untilStopped(pid: number): Promise<void> {
  // The state after the name of the program: T is stopped.
  while (!/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await setTimeout(20)
}

test.runIf(existsSync('/proc/self/stat')).each(CHECKPOINT_FAULT_POINTS)(
  'an owner that was stopped at %s and continued after another took over removes nothing of its successor',
  async (point) => {
    const at = directory()
    const child = spawn(process.execPath, [CHILD, at, point, '12'], { stdio: ['ignore', 'pipe', 'pipe'] })
    const told: string[] = []
    child.stdout.on('data', (data: Buffer) => told.push(String(data)))
    const closed = once(child, 'close')
    await untilStopped(child.pid!)

    const successor = counting(at, 12_000)
    await successor.ssc.start()
    await successor.ssc.awaitIdle()
    for (let batch = 0; batch < 12; batch++) {
      await successor.clock.advance(1000)
      await successor.ssc.awaitIdle()
    }
    const before = readdirSync(at)
    child.kill('SIGCONT')
    await closed
    expect(told.join('')).toContain('taken over by process')
    expect(readdirSync(at)).toEqual(expect.arrayContaining(before))

    await successor.ssc.stop()
    const last = successor.sums.at(-1)!
    expect(last).toEqual([24_000, [['sum', 300]]])
    // Every checkpoint that is left can be read: the newest is removed until there is none.
    for (let found = await new CheckpointStore(at, localFiles).newest(fail); found; ) {
      rmSync(found.path)
      found = await new CheckpointStore(at, localFiles).newest(fail)
    }
  },
  600_000,
)

function fail(path: string, cause: unknown): never {
  throw new Error(`${path} cannot be read`, { cause })
}

test('a new owner keeps what it continues from, whatever its predecessor still removes', async () => {
  const at = directory()
  const first = counting(at, 0)
  await first.ssc.start()
  for (let batch = 0; batch < 3; batch++) {
    await first.clock.advance(1000)
    await first.ssc.awaitIdle()
  }
  const left = asAfterKill(at, directory())
  const second = counting(left, 3000)
  await second.ssc.start()
  for (const name of readdirSync(left)) if (/^(state|data|checkpoint)-\d+-1\b/.test(name)) rmSync(join(left, name))
  await second.clock.advance(1000)
  await second.ssc.awaitIdle()
  const again = asAfterKill(left, directory())
  const third = counting(again, 4000)
  await third.ssc.start()
  await third.clock.advance(1000)
  await third.ssc.awaitIdle()
  expect(third.sums).toEqual([[5000, [['sum', 15]]]])
})
