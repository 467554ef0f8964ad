import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FileSystemsOptions } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { FileSystems } from '#build/files/file-systems.js'
import { HdfsService } from '../services/hdfs.js'
import { Program } from '../services/program.js'
import { S3Service } from '../services/s3.js'
import { hasService } from '../services/service.js'
import { bytesOf } from './contract.js'

const CHILD = fileURLToPath(new URL('../fixtures/saving-process.mjs', import.meta.url))
const INTERVAL = 250
const closers: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Place {
  readonly root: string
  readonly fileSystems: FileSystemsOptions
}

/** Runs the stream three times, and kills each process in the middle of its batches. Returns the completed batch times. */
async function killedThrice(place: Place): Promise<number[]> {
  const completed: number[] = []
  for (let run = 0; run < 3; run++) {
    const child = new Program(process.execPath, [CHILD, JSON.stringify(place)])
    try {
      const known = completed.length
      while (child.lines.length < 5) {
        const seen = child.lines.length
        await child.line(new RegExp(`^(?!(${['x', ...child.lines].join('|')})$)\\d+$`))
        if (child.lines.length === seen) throw new Error('no further batch')
      }
      completed.push(...child.lines.map(Number))
      expect(completed.length).toBeGreaterThan(known)
    } finally {
      await child.stop()
    }
  }
  return completed
}

/** Every batch from the first to the last is there with its ten numbers, once each. */
async function expectExactlyOnce({ root, fileSystems }: Place, completed: readonly number[]): Promise<void> {
  const systems = new FileSystems(fileSystems, () => Promise.reject())
  closers.push(() => systems.close())
  const system = await systems.of(root)
  const saved = new Map<number, number[]>()
  for (const { name } of (await system.list(`${root}/saved`))!) {
    const time = Number(/^batch-(\d+)$/.exec(name)?.[1])
    const files = ((await system.list(`${root}/saved/${name}`)) ?? []).map((entry) => entry.name).sort()
    // Where there are no renames, a directory counts from its _SUCCESS on.
    if (!Number.isFinite(time) || !files.includes('_SUCCESS')) continue
    const texts = await Promise.all(
      files.filter((file) => file !== '_SUCCESS').map((file) => bytesOf(system, `${root}/saved/${name}/${file}`)),
    )
    saved.set(time, texts.join('').trimEnd().split('\n').map(Number))
  }
  const [first, last] = [Math.min(...completed), Math.max(...completed)]
  const times = Array.from({ length: (last - first) / INTERVAL + 1 }, (_, i) => first + i * INTERVAL)
  for (const time of times)
    expect([time, saved.get(time)]).toEqual([time, Array.from({ length: 10 }, (_, i) => (time / INTERVAL) * 10 + i)])
}

async function expectKillsToBeHarmless(place: Place): Promise<void> {
  await expectExactlyOnce(place, await killedThrice(place))
}

test('local files: killed threads and processes lose and double nothing', async () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-exactly-once-'))
  closers.push(() => rmSync(root, { recursive: true, force: true }))
  await expectKillsToBeHarmless({ root, fileSystems: {} })
})

describe.runIf(hasService('hdfs'))('HDFS', () => {
  test('killed threads and processes lose and double nothing', async () => {
    const hdfs = await HdfsService.start()
    closers.push(() => hdfs[Symbol.asyncDispose]())
    await expectKillsToBeHarmless({ root: `${hdfs.url}/once`, fileSystems: {} })
  })
})

describe.runIf(hasService('s3'))('S3', () => {
  test('killed threads and processes lose and double nothing', async () => {
    const s3 = await S3Service.start()
    closers.push(() => s3[Symbol.asyncDispose]())
    await expectKillsToBeHarmless({ root: 's3://bucket/once', fileSystems: { s3: s3.options } })
  })
})
