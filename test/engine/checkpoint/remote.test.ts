import { ManualClock, StreamingContext } from 'millrace'
import { type MemoryFiles, memoryFiles } from 'millrace/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CheckpointFolder } from '#build/engine/checkpoint/folder.js'
import { Lease } from '#build/engine/checkpoint/lease.js'
import { CheckpointStore } from '#build/engine/checkpoint/store.js'
import { FileSystems } from '#build/files/file-systems.js'
import { memoryFileSystem } from '#build/files/memory.js'
import { known } from './support.js'

let files: MemoryFiles
const open: (() => unknown)[] = []
beforeEach(() => {
  files = memoryFiles()
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
  files.close()
})

function totals(at: number, checkpointDir: string) {
  const clock = new ManualClock(at)
  const fileSystems = { memory: files.system }
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, checkpointDir, fileSystems })
  open.push(() => ssc.stop())
  const seen: unknown[] = []
  known<[string, number]>(ssc, (i) => [['n', i]])
    .updateStateByKey<number>((values, state = 0) => values.reduce((a, b) => a + b, state))
    .foreachRDD(async (rdd) => void seen.push((await rdd.collect())[0]?.[1]))
  return { ssc, clock, seen }
}

test('streams resume from a checkpoint on another file system', async () => {
  const first = totals(0, 'memory://m/checkpoints')
  await first.ssc.start()
  await first.clock.advance(3000)
  await first.ssc.awaitIdle()
  expect(first.seen).toEqual([1, 3, 6])
  await first.ssc.stop()
  const second = totals(3000, 'memory://m/checkpoints')
  await second.ssc.start()
  await second.clock.advance(2000)
  await second.ssc.awaitIdle()
  expect(second.seen.slice(-2)).toEqual([10, 15])
  expect([...files.all().keys()].some((path) => path.startsWith('memory://m/checkpoints/checkpoint-'))).toBe(true)
})

test('one context has a directory at a time, and an owner that was replaced is told', async () => {
  const systems = new FileSystems({ memory: files.system }, async () => memoryFileSystem)
  open.push(() => systems.close())
  const folder = await CheckpointFolder.open(systems, 'memory://m/c')
  const lease = await Lease.take(folder, () => {})
  await expect(Lease.take(folder, () => {})).rejects.toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
  files.write('memory://m/c/owner-2', '{"token":"another","pid":1,"host":"b"}')
  await expect(lease.check()).rejects.toThrow(/taken over by process 1 of host b/)
  await lease.release()
  expect([...files.all().keys()]).toEqual(['memory://m/c/owner-2'])
})

test('a store writes, prunes and reads files there', async () => {
  const systems = new FileSystems({ memory: files.system }, async () => memoryFileSystem)
  open.push(() => systems.close())
  const store = new CheckpointStore('memory://m/store', systems)
  await store.take(() => {})
  await store.record(1000, Buffer.from('one'))
  await store.record(1000, Buffer.from('two'))
  expect((await store.recorded(0)).map(({ time, bytes }) => [time, bytes.toString()])).toEqual([[1000, 'two']])
  await store.release()
  expect([...files.all().keys()]).toEqual(['memory://m/store/entry-1000-1'])
})
