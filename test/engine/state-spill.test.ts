import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EngineEvents, StateSpec, type StreamingOptions } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StateSpill } from '#build/pool/worker/state/state-spill.js'
import { emptyState, type StatePartition, StateStore } from '#build/pool/worker/state/store.js'
import fc from '../support/fast-check.js'
import { gather, manual, run, sorted } from './support.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-spill-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const filesIn = (at: string) => readdirSync(at, { recursive: true, withFileTypes: true }).filter((it) => it.isFile())

const bytesIn = (at: string) =>
  filesIn(at).reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)

const keys = fc.oneof(
  fc.integer({ min: 0, max: 30 }),
  fc.constantFrom(0.5, Number.NaN, true, null, 'a text of more than eleven units', '\u0100'),
  fc.integer({ min: 0, max: 30 }).map((n) => `key ${n}`),
  fc.integer({ min: 0, max: 5 }).map((n) => ['composite', n]),
)
const tasks = fc.array(
  fc.record({
    partition: fc.nat(3),
    changes: fc.array(fc.tuple(keys, fc.option(fc.oneof(fc.integer(), fc.double(), fc.string(), fc.object())))),
    renumber: fc.boolean(),
  }),
  { maxLength: 30 },
)

test('state beyond its share, in files between tasks, is the state in memory', () => {
  let written = 0
  fc.assert(
    fc.property(tasks, fc.constantFrom(1, 2000, 5000), (all, share) => {
      const at = mkdtempSync(join(folder, 'model-'))
      const store = new StateStore(new StateSpill({ share, folder: join(at, '7') }))
      let held = { memory: 0, files: 0 }
      const models = Array.from({ length: 4 }, () => new Map<string, unknown>())
      const name = (key: unknown) => `${typeof key} ${JSON.stringify(key)} ${Number.isNaN(key)}`
      const stateOf = (partition: number): StatePartition => {
        const held = store.get(1, partition) ?? emptyState()
        store.set(1, partition, held)
        return held
      }
      for (const { partition, changes, renumber } of all) {
        const { entries } = stateOf(partition)
        const model = models[partition]!
        for (const [key, value] of changes) {
          const slot = entries.find(key)
          expect(slot >= 0).toBe(model.has(name(key)))
          if (value === null && slot >= 0) entries.remove(slot)
          else if (slot >= 0) entries.set(slot, value, 3)
          else if (value !== null) entries.add(key, value, 3)
          if (value === null) model.delete(name(key))
          else model.set(name(key), value)
        }
        if (renumber) entries.renumber()
        expect(store.settle()).toBeUndefined()
        if (share === 1) expect(entries.bytes).toBe(0)
        held = store.takeSizes() ?? held
        expect(store.takeSizes()).toBeUndefined()
        if (share === 1) expect(held).toEqual({ memory: 0, files: bytesIn(at) })
        else expect(held.memory + held.files).toBeGreaterThan(0)
      }
      written += filesIn(at).length
      for (const [partition, model] of models.entries()) {
        const found = [...stateOf(partition).entries.entries()].map(([key, value]) => [name(key), value])
        expect(new Map(found as [string, unknown][])).toEqual(model)
        store.settle()
        store.delete(1, partition)
      }
      expect(filesIn(at)).toEqual([])
    }),
    { numRuns: 100 },
  )
  expect(written).toBeGreaterThan(100)
})

/** A share of 64 KiB a thread, for state of about 1 MB. */
const SMALL = { threads: 2, parallelism: 6, stateMemory: 2 * 64 * 1024 } as const
const BATCHES = 14
const batches = Array.from({ length: BATCHES }, (_, b) =>
  Array.from({ length: 300 }, (_, i): [string, number] => [`key ${(i * 7 + b * 11) % 500}`, i]),
)

async function counted(
  options: Partial<StreamingOptions>,
  before: (batch: number, ssc: ReturnType<typeof manual>['ssc']) => void | Promise<void> = () => {},
) {
  const { ssc, log } = manual({ ...SMALL, spillDirectory: folder, ...options })
  const faults: EngineEvents['stateSpillFailed'][] = []
  ssc.on('stateSpillFailed', (fault) => faults.push(fault))
  const pairs = ssc.queueStream([...batches])
  pairs
    .mapWithState(
      StateSpec.function((key: unknown, value: unknown, state) => {
        const before = state.exists()
          ? (state.get() as { sum: number; text: string })
          : { sum: 0, text: 'x'.repeat(2000) }
        state.update({ sum: before.sum + (value as number), text: before.text })
        return [key, before.sum] as [unknown, number]
      }),
    )
    .output('mapped')
  pairs.updateStateByKey((values: number[], sum?: number) => values.reduce((a, b) => a + b, sum ?? 0)).output('updated')
  const outputs = ['mapped', 'updated'].map((name) => gather(ssc, name))
  await ssc.start()
  await run(ssc, BATCHES, (batch) => before(batch, ssc))
  const files = filesIn(folder).length
  const fileBytes = bytesIn(folder)
  const held = (await ssc.status()).memory.stateHeld
  await ssc.stop()
  const answers = (await Promise.all(outputs)).map((all) => all.map(({ records }) => sorted(records)))
  return { answers, faults, log, files, fileBytes, held }
}

let expected: Awaited<ReturnType<typeof counted>>['answers']
beforeAll(async () => {
  const all = await counted({ stateMemory: undefined })
  expect(all.held).toBeUndefined()
  expected = all.answers
})

test('a pipeline with eight times the state that its memory may hold, with and without kills', async () => {
  const { answers, faults, log, files, fileBytes, held } = await counted({})
  expect(answers).toEqual(expected)
  expect(held!.memory).toBeLessThanOrEqual(SMALL.stateMemory)
  expect(held!.files).toBeGreaterThan(0)
  expect(held!.files).toBeLessThanOrEqual(fileBytes)
  expect(files).toBeGreaterThan(8)
  expect([faults, log]).toEqual([[], []])
  const killed = await counted({ stateSnapshotInterval: 3 }, (batch, ssc) =>
    batch % 3 === 1 ? terminateThread(ssc, batch % 2) : undefined,
  )
  expect(killed.answers).toEqual(expected)
  expect(killed.faults).toEqual([])
  expect(killed.held!.memory).toBeLessThanOrEqual(SMALL.stateMemory)
  expect(killed.held!.files).toBeGreaterThan(0)
  expect(killed.held!.files).toBeLessThanOrEqual(killed.fileBytes)
  // Files of the threads that died are gone too, with the context's folder.
  expect(readdirSync(folder).filter((name) => name.startsWith('millrace-'))).toEqual([])
})

test.each([
  { name: 'missing', harm: (path: string) => rmSync(path) },
  { name: 'damaged', harm: (path: string) => writeFileSync(path, 'x') },
])('state whose files are $name is rebuilt', async ({ harm }) => {
  const { answers, faults, log } = await counted({}, (batch) => {
    if (batch === 5) for (const { parentPath, name } of filesIn(folder)) harm(join(parentPath, name))
  })
  expect(answers).toEqual(expected)
  expect(faults.length).toBeGreaterThan(2)
  expect(faults[0]).toMatchObject({ operation: 'read', error: { code: 'ERR_MILLRACE_BLOCK_CORRUPT' } })
  expect(log.filter((line) => /state could not be read from .*millrace-state/.test(line))).toHaveLength(1)
})

test('state that cannot be written stays in memory', async () => {
  const file = join(folder, 'no-folder')
  writeFileSync(file, '')
  const { answers, faults, log } = await counted({ spillDirectory: file })
  rmSync(file)
  expect(answers).toEqual(expected)
  expect(faults[0]).toMatchObject({ operation: 'write', error: { code: 'ENOTDIR' } })
  expect(log.filter((line) => /state could not be written to .*Check the disk/.test(line))).toHaveLength(1)
})

test('a context removes the folders of processes that were killed, and no others', async () => {
  const at = mkdtempSync(join(folder, 'left-'))
  const { ssc } = manual({ ...SMALL, spillDirectory: at })
  ssc
    .queueStream([...batches])
    .updateStateByKey(() => 'x'.repeat(5000))
    .count()
    .output('n')
  await ssc.start()
  await run(ssc, 3)
  const [mine] = readdirSync(at)
  await ssc.stop()
  expect(readdirSync(at)).toEqual([])
  // No process has this number: it is above the largest that systems give.
  const dead = mine!.replace(`${process.pid}`, '2147483646')
  for (const name of [dead, mine!, 'millrace-other']) mkdirSync(join(at, name))
  const next = manual({ ...SMALL, spillDirectory: at }).ssc
  await next.stop()
  expect(readdirSync(at).sort()).toEqual([mine!, 'millrace-other'].sort())
})
