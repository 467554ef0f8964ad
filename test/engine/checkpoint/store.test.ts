import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Checkpoint, SavedBlock } from '#build/engine/checkpoint/checkpoint.js'
import { CheckpointStore } from '#build/engine/checkpoint/store.js'
import { localFiles } from './support.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-store-'))
})
afterEach(async () => {
  for (const store of stores.splice(0)) await store.release()
  rmSync(directory, { recursive: true, force: true })
})

const block = (text: string) => {
  const bytes = Buffer.from(text)
  return { bytes, codec: 'records', count: 1, crc: crc32(bytes) } as const
}

function checkpointOf(time: number, blocks: readonly SavedBlock[] = []): Checkpoint {
  const rdds = [{ uid: 'w', time, partitions: blocks, hashed: false }]
  return {
    time,
    zeroTime: 0,
    ended: false,
    batchInterval: 1,
    operations: [{ uid: 'w', form: 'window', stateVersion: 1, placed: null, held: null }],
    progress: [],
    positions: [],
    rates: [],
    accumulators: [],
    states: [],
    rdds,
  }
}

/** Writes a checkpoint with one block of its own. */
async function save(store: CheckpointStore, time: number, others: readonly SavedBlock[] = []): Promise<SavedBlock> {
  const [own] = await store.write('data', time, [block(`block of ${time}`)])
  await store.publish(checkpointOf(time, [...others, own!]))
  return own!
}

const stores: CheckpointStore[] = []
/** A store that has taken the directory. */
async function owner(at = directory): Promise<CheckpointStore> {
  const store = new CheckpointStore(at, localFiles)
  await store.take((error) => {
    throw error
  })
  stores.push(store)
  return store
}

const files = (of: RegExp) =>
  readdirSync(directory)
    .filter((name) => of.test(name))
    .sort()

describe('a directory of checkpoints', () => {
  test('that is not there, or is empty, has none', async () => {
    expect(await new CheckpointStore(join(directory, 'none'), localFiles).newest()).toBeUndefined()
    expect(await new CheckpointStore(directory, localFiles).newest()).toBeUndefined()
  })

  test('gives the newest by time, not by name, with its bytes', async () => {
    const store = await owner()
    await save(store, 900)
    const own = await save(store, 10_000)
    const found = await new CheckpointStore(directory, localFiles).newest()
    expect(found!.checkpoint.time).toBe(10_000)
    expect(found!.bytesOf(own).toString()).toBe('block of 10000')
    expect(found!.path).toBe(join(directory, 'checkpoint-10000-1'))
  })

  test('keeps ten, with the data files that they refer to', async () => {
    const store = await owner()
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
    const store = await owner()
    await save(store, 1)
    await store.write('state', 2, [block('never published')])
    expect(files(/^state-/).length).toBe(1)
    await store.release()
    const next = await owner()
    await next.newest()
    await save(next, 2)
    expect(files(/^state-/)).toEqual([])
    expect(files(/^data-/).length).toBe(2)
  })
})

describe('what is recorded for a batch', () => {
  const texts = async (store: CheckpointStore, after: number) =>
    (await store.recorded(after)).map(({ time, bytes }) => [time, bytes.toString()])

  test('comes back in order of time, the last owner of each counting', async () => {
    const first = await owner()
    for (const time of [3, 1, 2]) await first.record(time, Buffer.from(`first ${time}`))
    await first.record(3, Buffer.from('first 3 again'))
    await first.release()
    const second = await owner()
    await second.record(2, Buffer.from('second 2'))
    expect(await texts(second, 1)).toEqual([
      [2, 'second 2'],
      [3, 'first 3 again'],
    ])
  })

  test('goes with the last checkpoint before it', async () => {
    const store = await owner()
    for (let time = 1; time <= 12; time++) {
      await store.record(time, Buffer.from(String(time)))
      await save(store, time)
    }
    expect((await texts(store, 0)).map(([time]) => time)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  test('is refused to an owner whose directory another has taken', async () => {
    const store = new CheckpointStore(directory, localFiles)
    await store.take(() => {})
    writeFileSync(join(directory, 'owner-2'), '{}')
    await expect(store.record(1, Buffer.from('late'))).rejects.toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
    expect(files(/^entry/)).toEqual([])
    await store.release()
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
    const store = await owner()
    await save(store, 1)
    await save(store, 2)
    spoil(files(new RegExp(`^${prefix}`))[0]!, change)
    const skipped: string[] = []
    const found = await new CheckpointStore(directory, localFiles).newest((path) => skipped.push(path))
    expect(found!.checkpoint.time).toBe(1)
    expect(skipped).toEqual([join(directory, 'checkpoint-2-1')])
  })

  test('a data file that is missing', async () => {
    const store = await owner()
    await save(store, 1)
    await save(store, 2)
    rmSync(join(directory, files(/^data-2-/)[0]!))
    expect((await new CheckpointStore(directory, localFiles).newest())!.checkpoint.time).toBe(1)
  })

  test('everything: an error that says what is wrong, until it is set aside', async () => {
    writeFileSync(join(directory, 'checkpoint-1000'), 'blablabla')
    const store = await owner()
    await expect(store.newest()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringMatching(/checkpoint-1000: it is not a checkpoint.*createOnError/),
    })
    await store.setAside()
    expect(await store.newest()).toBeUndefined()
    expect(files(/unreadable$/)).toEqual(['checkpoint-1000.unreadable'])
  })

  test('a temporary file of a killed process is none', async () => {
    writeFileSync(join(directory, 'checkpoint-1000.tmp'), 'half')
    expect(await new CheckpointStore(directory, localFiles).newest()).toBeUndefined()
  })

  test('a directory that cannot be read', async () => {
    writeFileSync(join(directory, 'file'), '')
    await expect(new CheckpointStore(join(directory, 'file'), localFiles).newest()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringContaining('cannot be read'),
    })
  })
})

test('an intact checkpoint of another version of the format is an error, and no older one counts', async () => {
  const store = await owner()
  await save(store, 1)
  await save(store, 2)
  const path = join(directory, 'checkpoint-2-1')
  const body = readFileSync(path, 'utf8').split('\n').slice(1).join('\n')
  const crc = crc32(body, crc32('9')).toString(16).padStart(8, '0')
  writeFileSync(path, `millrace-checkpoint 9 ${crc}\n${body}`)
  await expect(new CheckpointStore(directory, localFiles).newest()).rejects.toMatchObject({
    code: 'ERR_MILLRACE_CHECKPOINT',
    message: expect.stringContaining('has version 9 of the checkpoint format; this version of the package reads 2'),
  })
})
