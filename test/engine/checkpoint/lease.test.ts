import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { CheckpointError } from 'millrace'
import { describe, expect, test } from 'vitest'
import { Lease } from '#build/engine/checkpoint/lease.js'
import { processScope } from '#build/files/process-scope.js'
import { folderAt, known, scratch } from './support.js'

const LEASE = new URL('../../../build/engine/checkpoint/lease.js', import.meta.url).href
const FOLDER = new URL('../../../build/engine/checkpoint/folder.js', import.meta.url).href
const FILE_SYSTEMS = new URL('../../../build/files/file-systems.js', import.meta.url).href
const { directory, manual } = scratch()
const nobody = () => {
  throw new Error('lost')
}
const inUse = { code: 'ERR_MILLRACE_CHECKPOINT', message: expect.stringContaining('is in use by process') }
const owners = (at: string) => readdirSync(at).filter((name) => name.startsWith('owner'))
const ownerOf = (at: string, term = 1) => JSON.parse(readFileSync(join(at, `owner-${term}`), 'utf8'))
const ownedBy = (at: string, change: object, term = 1) =>
  writeFileSync(
    join(at, `owner-${term}`),
    JSON.stringify({ token: 'x', pid: process.pid, host: hostname(), scope: processScope(), ...change }),
  )

test('a directory is one lease at a time', async () => {
  const at = directory()
  const first = await Lease.take(await folderAt(at), nobody)
  await expect(Lease.take(await folderAt(at), nobody)).rejects.toMatchObject({
    ...inUse,
    details: { directory: at, pid: process.pid, host: hostname() },
  })
  await first.release()
  expect(owners(at)).toEqual([])
  await (await Lease.take(await folderAt(at), nobody)).release()
})

test('a directory is one lease at a time, whatever path leads to it', async () => {
  const at = directory()
  const linked = join(directory(), 'link')
  symlinkSync(at, linked)
  const first = await Lease.take(await folderAt(linked), nobody)
  expect(first.folder.path).toBe(at)
  await expect(Lease.take(await folderAt(at), nobody)).rejects.toMatchObject(inUse)
  await expect(Lease.take(await folderAt(linked), nobody)).rejects.toMatchObject(inUse)
  await first.check()
  await first.release()
})

test('each lease has a later term than every file in the directory', async () => {
  const at = directory()
  writeFileSync(join(at, 'checkpoint-5000-7'), '')
  const lease = await Lease.take(await folderAt(at), nobody)
  expect(lease.term).toBe(8)
  await lease.release()
})

test('of many that come at once to what a dead process has left, one takes it and keeps it', async () => {
  const at = directory()
  ownedBy(at, { pid: await pidOfTheDead() })
  const all = await Promise.allSettled(Array.from({ length: 8 }, async () => Lease.take(await folderAt(at), () => {})))
  const checks = await Promise.allSettled(
    all.flatMap((taken) => (taken.status === 'fulfilled' ? [taken.value.check()] : [])),
  )
  expect(checks.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

describe('the owner of before', () => {
  test('a process that is gone has lost it before another owner would be watched to the end', async () => {
    const gone = directory()
    ownedBy(gone, { pid: await pidOfTheDead() })
    const silent = directory()
    ownedBy(silent, { host: 'elsewhere', scope: 'elsewhere' })
    const order: string[] = []
    const take = async (at: string, name: string) => {
      const lease = await Lease.take(await folderAt(at), nobody)
      order.push(name)
      await lease.release()
    }
    await Promise.all([take(silent, 'silent'), take(gone, 'gone')])
    expect(order).toEqual(['gone', 'silent'])
  })

  test('a copy of a directory in use is in use by nobody', async () => {
    const at = directory()
    const copy = join(directory(), 'copy')
    const lease = await Lease.take(await folderAt(at), nobody)
    cpSync(at, copy, { recursive: true })
    await (await Lease.take(await folderAt(copy), nobody)).release()
    await lease.check()
    await lease.release()
  })

  test.each([
    ['a process of another host', { host: 'elsewhere', scope: 'elsewhere' }],
    ['another thread of this process, or its predecessor in another container', {}],
    ['a process that has the number of a dead one', { pid: process.ppid }],
    ['a process of another PID namespace with the same host name', { pid: 2 ** 30, scope: 'elsewhere' }],
    ['a process whose system does not tell its scope', { pid: 2 ** 30, scope: undefined }],
  ])('%s has it as long as it shows a heartbeat, and no longer', async (_, change) => {
    const at = directory()
    ownedBy(at, change)
    let time = 1000
    const signs = setInterval(() => utimesSync(join(at, 'owner-1'), time, time++), 100)
    await expect(Lease.take(await folderAt(at), nobody)).rejects.toMatchObject(inUse)
    clearInterval(signs)
    await (await Lease.take(await folderAt(at), nobody)).release()
  })

  test('a file that says nothing is watched as well', async () => {
    const at = directory()
    writeFileSync(join(at, 'owner-1'), '{"tok')
    await (await Lease.take(await folderAt(at), nobody)).release()
  })
})

test('an owner shows its heartbeat by itself', async () => {
  const at = directory()
  const lease = await Lease.take(await folderAt(at), nobody)
  // A thread of its own does not know this thread's leases: it can go by the heartbeat only.
  const code = `Promise.all(${JSON.stringify([LEASE, FOLDER, FILE_SYSTEMS])}.map((url) => import(url)))
    .then(async ([{ Lease }, { CheckpointFolder }, { FileSystems }]) =>
      Lease.take(await CheckpointFolder.open(new FileSystems({}), ${JSON.stringify(at)}), () => {}))
    .then(() => 'taken', ({ message }) => message)
    .then((answer) => require('node:worker_threads').parentPort.postMessage(answer))`
  const [answer] = await once(new Worker(code, { eval: true }), 'message')
  expect(answer).toContain('is in use by process')
  await lease.release()
})

test('who lost it is told, may not write, and leaves the new owner alone', async () => {
  const at = directory()
  let tell: (error: unknown) => void = () => {}
  const told = new Promise((resolve) => {
    tell = resolve
  })
  const lease = await Lease.take(await folderAt(at), tell)
  ownedBy(at, { token: 'new', pid: 4711 }, 2)
  await expect(lease.check()).rejects.toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
  expect(await told).toMatchObject({ message: expect.stringContaining('taken over by process 4711') })
  await lease.release()
  expect(ownerOf(at, 2).token).toBe('new')
})

test('a removed owner file, or a removed directory, is no take-over', async () => {
  const at = directory()
  const lease = await Lease.take(await folderAt(at), nobody)
  const token = ownerOf(at).token
  rmSync(join(at, 'owner-1'))
  await lease.check()
  expect(ownerOf(at).token).toBe(token)
  await expect(Lease.take(await folderAt(at), nobody)).rejects.toMatchObject(inUse)
  rmSync(at, { recursive: true })
  mkdirSync(at)
  await lease.check()
  expect(ownerOf(at).token).toBe(token)
  await lease.release()
})

describe('contexts', () => {
  const counting = (at: string) => {
    const context = manual(0)
    context.ssc.checkpoint(at)
    known(context.ssc, (i) => [i]).output('all')
    return context
  }

  test('a second one in the same directory is refused, and the first goes on', async () => {
    const at = directory()
    const first = counting(at)
    await first.ssc.start()
    await expect(counting(at).ssc.start()).rejects.toMatchObject(inUse)
    await first.clock.advance(1000)
    await first.ssc.awaitIdle()
    await first.ssc.stop()
    const next = counting(at)
    await next.ssc.start()
    await next.ssc.stop()
    expect(owners(at)).toEqual([])
  })

  test('one whose directory another has taken ends, and writes no more', async () => {
    const at = directory()
    const { ssc } = counting(at)
    await ssc.start()
    ownedBy(at, { token: 'new', pid: 4711 }, 2)
    const error = await ssc.awaitTermination().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CheckpointError)
    expect((error as Error).message).toContain('taken over by process 4711')
    expect(ownerOf(at, 2).token).toBe('new')
  })
})

async function pidOfTheDead(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid!
}
