import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Checkpoint, SavedBlock } from '#build/engine/checkpoint/format.js'
import { CheckpointStore } from '#build/engine/checkpoint/store.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-store-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const block = (text: string) => {
  const bytes = Buffer.from(text)
  return { bytes, codec: 'records', count: 1, crc: crc32(bytes) } as const
}

function checkpointOf(time: number, blocks: readonly SavedBlock[] = []): Checkpoint {
  const rdds = [{ stream: 0, time, partitions: blocks, hashed: false }]
  return { time, zeroTime: 0, ended: false, graph: ['0 input'], progress: [], positions: [], states: [], rdds }
}

/** Writes a checkpoint with one block of its own. */
async function save(store: CheckpointStore, time: number, others: readonly SavedBlock[] = []): Promise<SavedBlock> {
  const [own] = await store.write('data', time, [block(`block of ${time}`)])
  await store.publish(checkpointOf(time, [...others, own!]))
  return own!
}

const files = (of: RegExp) =>
  readdirSync(directory)
    .filter((name) => of.test(name))
    .sort()

describe('a directory of checkpoints', () => {
  test('that is not there, or is empty, has none', async () => {
    expect(await new CheckpointStore(join(directory, 'none')).newest()).toBeUndefined()
    expect(await new CheckpointStore(directory).newest()).toBeUndefined()
  })

  test('gives the newest by time, not by name, with its bytes', async () => {
    const store = new CheckpointStore(directory)
    await save(store, 900)
    const own = await save(store, 10_000)
    const found = await new CheckpointStore(directory).newest()
    expect(found!.checkpoint.time).toBe(10_000)
    expect(found!.bytesOf(own).toString()).toBe('block of 10000')
    expect(found!.path).toBe(join(directory, 'checkpoint-10000'))
  })

  test('keeps ten, with the data files that they refer to', async () => {
    const store = new CheckpointStore(directory)
    const first = await save(store, 1)
    for (let time = 2; time <= 15; time++) await save(store, time, [first])
    expect(files(/^checkpoint-/).length).toBe(10)
    // Ten of their own, and that of the first, which all of them need.
    expect(files(/^data-/).length).toBe(11)
    await save(store, 16)
    for (let time = 17; time <= 26; time++) await save(store, time)
    expect(files(/^data-/).length).toBe(10)
  })

  test('lets go of data files that a killed process left behind', async () => {
    const store = new CheckpointStore(directory)
    await save(store, 1)
    await store.write('state', 2, [block('never published')])
    expect(files(/^state-/).length).toBe(1)
    const next = new CheckpointStore(directory)
    await next.newest()
    await save(next, 2)
    expect(files(/^state-/)).toEqual([])
    expect(files(/^data-/).length).toBe(2)
  })
})

describe('what is damaged', () => {
  const spoil = (name: string, change: (bytes: Buffer) => Buffer) => {
    const path = join(directory, name)
    writeFileSync(path, change(readFileSync(path)))
  }
  const flipped = (bytes: Buffer) => {
    bytes[bytes.length - 3]! ^= 1
    return bytes
  }

  test.each([
    ['the checkpoint is changed', 'checkpoint-2', flipped],
    ['the checkpoint is cut short', 'checkpoint-2', (bytes: Buffer) => bytes.subarray(0, 30)],
    ['the checkpoint is empty', 'checkpoint-2', () => Buffer.alloc(0)],
    ['a data file is changed', 'data-2-', flipped],
    ['a data file is cut short', 'data-2-', (bytes: Buffer) => bytes.subarray(1)],
  ])('%s: the one before is taken, and the fault told', async (_, prefix, change) => {
    const store = new CheckpointStore(directory)
    await save(store, 1)
    await save(store, 2)
    spoil(files(new RegExp(`^${prefix}`))[0]!, change)
    const skipped: string[] = []
    const found = await new CheckpointStore(directory).newest((path) => skipped.push(path))
    expect(found!.checkpoint.time).toBe(1)
    expect(skipped).toEqual([join(directory, 'checkpoint-2')])
  })

  test('a data file that is missing', async () => {
    const store = new CheckpointStore(directory)
    await save(store, 1)
    await save(store, 2)
    rmSync(join(directory, files(/^data-2-/)[0]!))
    expect((await new CheckpointStore(directory).newest())!.checkpoint.time).toBe(1)
  })

  test('everything: an error that says what is wrong, until it is set aside', async () => {
    writeFileSync(join(directory, 'checkpoint-1000'), 'blablabla')
    const store = new CheckpointStore(directory)
    await expect(store.newest()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringMatching(/checkpoint-1000: it is no checkpoint.*createOnError/),
    })
    await store.setAside()
    expect(await store.newest()).toBeUndefined()
    expect(files(/unreadable$/)).toEqual(['checkpoint-1000.unreadable'])
  })

  test('a temporary file of a killed process is none', async () => {
    writeFileSync(join(directory, 'checkpoint-1000.tmp'), 'half')
    expect(await new CheckpointStore(directory).newest()).toBeUndefined()
  })

  test('a directory that cannot be read', async () => {
    writeFileSync(join(directory, 'file'), '')
    await expect(new CheckpointStore(join(directory, 'file')).newest()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringContaining('cannot be read'),
    })
  })
})
