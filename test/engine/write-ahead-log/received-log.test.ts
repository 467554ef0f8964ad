import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { checkWriteAheadLog, type WriteAheadLogOptions } from '#build/engine/write-ahead-log/options.js'
import { ReceivedLog } from '#build/engine/write-ahead-log/received-log.js'
import { folderAt, scratch } from '../checkpoint/support.js'
import { logNames } from './support.js'

// The received-block rules K2 to K6, without threads: blocks are texts. K1 is in recovery.test.ts, C12 in acknowledged.test.ts.

const { directory } = scratch()

/** The log of one owner, as a receiver and its batches use it. */
async function owner(at: string, term: number, options: WriteAheadLogOptions = {}) {
  const texts = new Map<number, string>()
  const time = { now: 0 }
  const driver = { pinBytes: ({ id }: { id: number }) => ({ payload: Buffer.from(texts.get(id)!), unpin: () => {} }) }
  const log = await ReceivedLog.open(
    {
      ...checkWriteAheadLog(options)!,
      folder: await folderAt(at),
      term,
      clock: { now: () => time.now },
      owner: { check: async () => {} },
      driver: driver as never,
    },
    () => {},
  )
  const logged: number[] = []
  const input = log.add('in', { logged: (end) => logged.push(end), notLogged: () => {} })
  let end = 0
  const receive = (...words: string[]) => {
    const blocks = words.map((word) => {
      const id = texts.size + term * 1_000_000
      texts.set(id, word)
      return { id, codec: 'records', count: 1, crc: crc32(word), length: word.length } as never
    })
    end += words.length
    input.sealed(blocks, end)
    return blocks
  }
  const allocate = async (batch: number, blocks: never[]) => {
    const allocated = [{ uid: 'in', blocks }]
    await log.record(batch, { received: [['in', blocks.length]], blocks: log.rangesOf(allocated) })
    log.recorded(allocated)
  }
  return { log, time, receive, allocate, logged }
}

/** Returns what a new owner finds after a checkpoint of the batch at `after`. */
async function found(at: string, batches: readonly number[], after = 0) {
  const { log } = await owner(at, 100)
  const recovered = log.recover(after, true)
  const read = async (blocks: ReturnType<typeof recovered.allocated>) => {
    const texts: string[] = []
    for (const block of blocks) texts.push(String(await log.read(block)))
    return texts
  }
  const allocated = []
  for (const batch of batches) allocated.push(await read(recovered.allocated('in', batch)))
  return { allocated, unallocated: await read(recovered.takeUnallocated('in')), lost: [...recovered.lost], recovered }
}

test('K2: a hundred thousand blocks and their allocation are in one file', async () => {
  const at = directory()
  const { log, receive, allocate, logged } = await owner(at, 1)
  const words = Array.from({ length: 100_000 }, (_, i) => `${i}`)
  await allocate(1000, receive(...words))
  expect(logged).toEqual([100_000])
  await log.close()
  expect(logNames(at)).toHaveLength(1)
  const recovered = (await owner(at, 2)).log.recover(0, true)
  expect(recovered.allocated('in', 1000).map(({ number }) => number)).toEqual(words.map(Number))
  expect(recovered.takeUnallocated('in')).toEqual([])
})

test('K3: only allocated blocks leave the others', async () => {
  const at = directory()
  const { log, receive, allocate } = await owner(at, 1)
  const blocks = receive('1', '2', '3', '4', '5')
  receive('6', '7', '8', '9', '10')
  await allocate(1000, blocks)
  await log.close()
  const { allocated, unallocated, lost } = await found(at, [1000])
  expect(allocated).toEqual([['1', '2', '3', '4', '5']])
  expect(unallocated).toEqual(['6', '7', '8', '9', '10'])
  expect(lost).toEqual([])
})

test('K4: blocks of an allocation that cannot be written stay for the next one, once', async () => {
  const at = directory()
  const folder = await folderAt(at)
  const { log, receive, allocate, logged } = await owner(at, 1, { closeAfterWrite: true })
  const first = receive('1', '2')
  await log.flush()
  const { append } = Object.getPrototypeOf(folder)
  Object.getPrototypeOf(folder).append = () => Promise.reject(new Error('no space'))
  const second = receive('3')
  await expect(allocate(1000, [...first, ...second])).rejects.toThrow('no space')
  expect(logged).toEqual([2])
  Object.getPrototypeOf(folder).append = append
  await allocate(2000, [...first, ...second])
  expect(logged).toEqual([2, 3])
  await log.close()
  const { allocated, unallocated, recovered } = await found(at, [1000, 2000])
  expect(allocated).toEqual([[], ['1', '2', '3']])
  expect(unallocated).toEqual([])
  expect(recovered.last).toBe(2000)
})

test('blocks that were written, and reported as not written, are there once', async () => {
  const at = directory()
  const { log, receive, allocate } = await owner(at, 1)
  const blocks = receive('1', '2')
  await allocate(1000, blocks)
  // The record of batch 1 was reported as failed: batch 2 takes its blocks.
  receive('3')
  await log.flush()
  const again = await owner(at, 2)
  const restored = again.log.recover(0, true)
  expect(restored.allocated('in', 1000)).toHaveLength(2)
  await again.log.record(2000, { received: [['in', 2]], blocks: [['in', 1, 0, 1]] })
  await Promise.all([log.close(), again.log.close()])
  expect(await found(at, [1000, 2000])).toMatchObject({ allocated: [[], ['1', '2']], unallocated: ['3'], lost: [] })
})

/** Five files, for times 1000 to 5000. */
async function fiveFiles(at: string) {
  const made = await owner(at, 1, { rollingInterval: '500ms' })
  for (let batch = 1000; batch <= 5000; batch += 1000) {
    made.time.now = batch
    await made.allocate(batch, made.receive(`a${batch}`, `b${batch}`))
  }
  expect(logNames(at)).toHaveLength(5)
  return made
}

test('K5: files are read in order, and cleaning removes what no batch after it needs', async () => {
  const at = directory()
  const { log } = await fiveFiles(at)
  const all = await found(at, [1000, 2000, 5000])
  expect(all.allocated).toEqual([
    ['a1000', 'b1000'],
    ['a2000', 'b2000'],
    ['a5000', 'b5000'],
  ])
  await log.clean(2000)
  expect(logNames(at)).toHaveLength(3)
  await log.clean(2000)
  expect(logNames(at)).toHaveLength(3)
  await log.close()
  expect(await found(at, [1000, 2000, 3000], 2000)).toMatchObject({
    allocated: [[], [], ['a3000', 'b3000']],
    unallocated: [],
    lost: [],
  })
})

test('K6: files that were removed and are there again change nothing', async () => {
  const at = directory()
  const { log } = await fiveFiles(at)
  const before = new Map(readdirSync(at).map((name) => [name, readFileSync(join(at, name))]))
  await log.clean(3000)
  await log.close()
  const expected = await found(at, [1000, 2000, 3000, 4000], 3000)
  expect(expected.allocated).toEqual([[], [], [], ['a4000', 'b4000']])
  const removed = [...before.keys()].filter((name) => !logNames(at).includes(name)).sort()
  expect(removed).toHaveLength(3)
  for (const name of removed) {
    writeFileSync(join(at, name), before.get(name)!)
    const { allocated, unallocated, lost } = await found(at, [1000, 2000, 3000, 4000], 3000)
    expect({ allocated, unallocated, lost }).toEqual({ ...expected, recovered: undefined, lost: [] })
  }
})

test('A8: cleaning keeps the growing file, files with blocks of no batch, and all files after those', async () => {
  const at = directory()
  const { log, time, receive, allocate } = await owner(at, 1, { rollingInterval: '500ms' })
  const waiting = receive('waits')
  await log.flush()
  for (const batch of [1000, 2000]) {
    time.now = batch
    await allocate(batch, receive(`${batch}`))
  }
  await log.clean(9000)
  expect(logNames(at)).toHaveLength(3)
  time.now = 3000
  await allocate(3000, waiting)
  await log.clean(9000)
  expect(logNames(at)).toHaveLength(1)
  await log.close()
})

test('records that the log should have and has not are counted', async () => {
  const at = directory()
  const { log } = await fiveFiles(at)
  await log.close()
  const path = join(at, logNames(at).sort()[2]!)
  const bytes = readFileSync(path)
  // A body of the third batch, and then the block that no batch has.
  bytes[bytes.indexOf('}a3000') + 1] = 66
  writeFileSync(path, bytes)
  const { allocated, lost } = await found(at, [3000, 4000], 2000)
  expect(allocated).toEqual([['b3000'], ['a4000', 'b4000']])
  expect(lost).toEqual([['in', 1]])
  expect((await found(at, [4000], 3000)).lost).toEqual([])
})

test('a block that is missing between others, and that no batch had, is lost in unknown number', async () => {
  const at = directory()
  const { log, receive } = await owner(at, 1)
  receive('1', '2', '3')
  await log.flush()
  await log.close()
  const path = join(at, logNames(at)[0]!)
  const bytes = readFileSync(path)
  bytes[bytes.lastIndexOf('}2') + 1] = 57
  writeFileSync(path, bytes)
  expect(await found(at, [])).toMatchObject({ unallocated: ['1', '3'], lost: [['in', 'unknown']] })
})

test('with other batches than before, all data belongs to the first new one', async () => {
  const at = directory()
  const { log } = await fiveFiles(at)
  await log.close()
  const { log: next } = await owner(at, 2)
  const recovered = next.recover(3000, false)
  expect(recovered.takeUnallocated('in')).toHaveLength(4)
  expect(recovered.takeUnallocated('in')).toHaveLength(0)
  expect(recovered.last).toBeUndefined()
})
