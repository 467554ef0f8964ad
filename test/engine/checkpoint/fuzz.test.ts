import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointError } from 'millrace'
import { expect, test } from 'vitest'
import { blocksOf, decodeCheckpoint, sealed } from '#build/engine/checkpoint/format.js'
import { CheckpointStore } from '#build/engine/checkpoint/store.js'
import { random } from '../support.js'
import { CRAFTED, MUTATIONS } from './mutations.js'
import { asAfterKill, known, listed, localFiles, scratch } from './support.js'

/** `npm run fuzz:checkpoints` runs 10,000; SEED repeats a run. */
const COUNT = Number(process.env.MUTATIONS ?? 200)
const seed = Number(process.env.SEED ?? 1)
/** Of so many mutations one is tried on a whole context too, which takes some 100 ms. */
const WHOLE_EVERY = COUNT > 1000 ? 100 : 20
const { directory, manual } = scratch()

function counting(at: string, from: number) {
  const { ssc, clock } = manual(from, { checkpointDir: at, maxCatchUpBatches: 100 })
  const sums = listed(
    known(ssc, (i) => [i])
      .map((n) => [`key ${n % 5}`, n] as [string, number])
      .updateStateByKey((values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)),
  )
  const windows = listed(known(ssc, (i) => [i]).countByWindow('3s', '1s'))
  return { ssc, clock, sums, windows }
}

/** A directory that a process left after six batches, with the correct outputs of the seventh. */
async function original() {
  const at = directory()
  const { ssc, clock, sums, windows } = counting(at, 0)
  await ssc.start()
  for (let batch = 0; batch < 6; batch++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  const left = asAfterKill(at, directory())
  await clock.advance(1000)
  await ssc.awaitIdle()
  await ssc.stop()
  for (const name of readdirSync(left)) if (name.startsWith('owner-')) rmSync(join(left, name))
  return { left, last: JSON.stringify([sums.at(-1), windows.at(-1)]) }
}

/** The text of a checkpoint with the bytes of its blocks; undefined if a CheckpointError refuses all. */
async function newestOf(at: string): Promise<string | undefined> {
  try {
    const found = await new CheckpointStore(at, localFiles).newest()
    if (!found) return undefined
    const blocks = blocksOf(found.checkpoint).map((block) => found.bytesOf(block).toString('base64'))
    return JSON.stringify([found.checkpoint, blocks])
  } catch (error) {
    if (error instanceof CheckpointError) return undefined
    throw error
  }
}

/** Every checkpoint of a directory as `newestOf` returns it. */
async function allOf(at: string): Promise<ReadonlySet<string | undefined>> {
  const copy = asAfterKill(at, directory())
  const all = new Set<string | undefined>([undefined])
  for (;;) {
    const found = await new CheckpointStore(copy, localFiles).newest()
    if (!found) return all
    all.add(await newestOf(copy))
    rmSync(found.path)
  }
}

function restore(at: string, files: ReadonlyMap<string, Buffer>): void {
  for (const name of readdirSync(at)) rmSync(join(at, name), { recursive: true })
  for (const [name, bytes] of files) writeFileSync(join(at, name), bytes)
}

test(
  `${COUNT} mutations of a checkpoint directory: none crashes, none reads elsewhere, none changes an answer (SEED=${seed})`,
  async () => {
    const { left, last } = await original()
    const files = new Map(readdirSync(left).map((name) => [name, readFileSync(join(left, name))]))
    const correct = await allOf(left)
    const outside = join(directory(), 'secret')
    writeFileSync(outside, 'a secret')
    const draw = random(seed)
    const heap = process.memoryUsage().rss
    const seen = { refused: 0, older: 0, whole: 0 }
    for (let i = 0; i < COUNT; i++) {
      restore(left, files)
      const mutation = MUTATIONS[Math.floor(draw() * MUTATIONS.length)]!
      const what = `mutation ${i}: ${mutation(left, draw, outside)}`
      const found = await newestOf(left).catch((error: unknown) => {
        throw new Error(what, { cause: error })
      })
      expect(found ?? '', what).not.toContain('a secret')
      // A correct checksum may hide a change of a value that is possible, such as another time.
      if (mutation !== CRAFTED) expect(correct.has(found), what).toBe(true)
      if (found === undefined) seen.refused++
      else if (found !== [...correct][1]) seen.older++
      if (i % WHOLE_EVERY !== 0) continue
      seen.whole++
      const { ssc, sums, windows } = counting(left, 7000)
      const error: unknown = await ssc.start().then(
        () => ssc.awaitIdle(),
        (cause: unknown) => cause,
      )
      if (error) expect(error, what).toMatchObject({ code: expect.stringMatching(/^ERR_MILLRACE_(CHECKPOINT|STATE)$/) })
      else if (mutation !== CRAFTED) expect(JSON.stringify([sums.at(-1), windows.at(-1)]), what).toBe(last)
      await ssc.stop()
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(process.memoryUsage().rss - heap).toBeLessThan(512 * 2 ** 20)
    if (COUNT > 1000) console.log(`${COUNT} mutations, seed ${seed}: ${JSON.stringify(seen)}`)
    expect(seen.refused + seen.older).toBeGreaterThan(0)
  },
  COUNT * 200 + 60_000,
)

test('a checkpoint that is nested too deep for the stack is refused', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  expect(() => decodeCheckpoint(sealed('checkpoint', deep), 'x')).toThrow('nested deeper than 100 levels')
})
