import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryFiles } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { CheckpointFolder } from '#build/engine/checkpoint/folder.js'
import { GroupCommit } from '#build/engine/write-ahead-log/group-commit.js'
import { logFiles, readBody } from '#build/engine/write-ahead-log/log-reader.js'
import { FileSystems } from '#build/files/file-systems.js'
import { memoryFileSystem } from '#build/files/memory.js'
import { folderAt, scratch } from '../checkpoint/support.js'
import { bodyOf, contentOf, logAt, logNames } from './support.js'

// A1 has no counterpart: there is one kind of log, and `writeAheadLog` sets its options. A11 is in recovery.test.ts.

const { directory } = scratch()
const numbers = (n: number) => Array.from({ length: n }, (_, i) => `${i + 1}`)

test('A2: a file covers a rolling interval, and a new one begins with the first write after it', async () => {
  const at = directory()
  const folder = await folderAt(at)
  const { log, clock, write } = logAt(folder, { rollingInterval: '1s' })
  for (const text of numbers(6)) {
    await write(text)
    clock.now += 500
  }
  await log.close()
  expect(logNames(at).sort()).toEqual(['log-1000-2000-1-0', 'log-2500-3500-1-1'])
  expect((await contentOf(folder)).texts).toEqual(numbers(6))
})

test('A3: with closeAfterWrite each group is a file', async () => {
  const at = directory()
  const { log, clock, write } = logAt(await folderAt(at), { closeAfterWrite: true })
  for (const text of numbers(3)) {
    await write(text)
    clock.now += 100
  }
  await log.close()
  expect(logNames(at)).toHaveLength(3)
  expect((await contentOf(await folderAt(at))).texts).toEqual(numbers(3))
})

test('a file ends at maxBytes', async () => {
  const at = directory()
  const { log, write } = logAt(await folderAt(at), { maxBytes: 1024 })
  for (const text of numbers(4)) await write(text.repeat(600))
  await log.close()
  expect(logNames(at)).toHaveLength(2)
  expect((await contentOf(await folderAt(at))).texts).toEqual(numbers(4).map((text) => text.repeat(600)))
})

describe('A4: reading in order', () => {
  async function written() {
    const at = directory()
    const { log, write } = logAt(await folderAt(at))
    for (const text of numbers(5)) await write(text)
    await log.close()
    return { folder: await folderAt(at), path: join(at, logNames(at)[0]!) }
  }

  test('ends after the last record', async () => {
    const { folder } = await written()
    expect(await contentOf(folder)).toEqual({ texts: numbers(5), damage: [] })
  })

  test('skips garbage after the records, and reports it', async () => {
    const { folder, path } = await written()
    appendFileSync(path, 'This line appended to file!')
    const { texts, damage } = await contentOf(folder)
    expect(texts).toEqual(numbers(5))
    expect(damage).toMatchObject([{ records: 5, message: 'no whole record follows' }])
  })

  test.each([1, 2, 20])('skips a last record that lacks %i bytes', async (missing) => {
    const { folder, path } = await written()
    truncateSync(path, readFileSync(path).length - missing)
    expect((await contentOf(folder)).texts).toEqual(numbers(4))
  })

  test('reads what was synced before zeros that a crash left', async () => {
    const { folder, path } = await written()
    appendFileSync(path, Buffer.alloc(4096))
    expect((await contentOf(folder)).texts).toEqual(numbers(5))
  })

  test('skips a body that was changed, and reads the records after it', async () => {
    const { folder, path } = await written()
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('}3') + 1] = 57
    writeFileSync(path, bytes)
    const { texts, damage } = await contentOf(folder)
    expect(texts).toEqual(['1', '2', '4', '5'])
    expect(damage).toMatchObject([{ records: 2 }])
  })

  test('finds no record without a file', async () => {
    const at = directory()
    expect(await contentOf(await folderAt(at))).toEqual({ texts: [], damage: [] })
    expect(await contentOf(await folderAt(join(at, 'none')))).toEqual({ texts: [], damage: [] })
  })
})

test('A5: a record can be read by its position, in any order, as soon as it is written', async () => {
  const folder = await folderAt(directory())
  const { log, write } = logAt(folder)
  const positions = []
  for (const text of numbers(4)) {
    positions.push(await write(text))
    expect((await readBody(folder, positions.at(-1)!)).toString()).toBe(text)
  }
  for (const i of [2, 0, 3, 1]) expect((await readBody(folder, positions[i]!)).toString()).toBe(`${i + 1}`)
  await expect(readBody(folder, { ...positions[0]!, offset: positions[0]!.offset + 1 })).rejects.toThrow('other bytes')
  await log.close()
})

test('A6: files are read in the order of their owners and their writing, whatever their times', async () => {
  const at = directory()
  const times = [5000, 1000, 12_000, 9000]
  for (const [i, time] of times.entries()) {
    const { log, clock, write } = logAt(await folderAt(at), {}, { term: i < 2 ? 2 : 10 })
    clock.now = time
    if (i % 2 === 0) await write(`${i + 1}`)
    await log.close()
  }
  const { log, clock, write } = logAt(await folderAt(at), { closeAfterWrite: true }, { term: 11 })
  for (const text of numbers(11)) {
    clock.now -= 10
    await write(text)
  }
  await log.close()
  expect((await contentOf(await folderAt(at))).texts).toEqual(['1', '3', ...numbers(11)])
})

test('A7: unreadable files of an earlier owner are skipped and reported', async () => {
  const at = directory()
  for (const term of [1, 2]) {
    const { log, write } = logAt(await folderAt(at), { closeAfterWrite: true }, { term })
    for (const text of numbers(3)) await write(`${term}:${text}`)
    await log.close()
  }
  const first = (await logFiles(await folderAt(at))).filter(({ term }) => term === 1)
  for (const { name } of first) truncateSync(join(at, name), 1)
  rmSync(join(at, first[2]!.name))
  const { texts, damage } = await contentOf(await folderAt(at))
  expect(texts).toEqual(['2:1', '2:2', '2:3'])
  expect(damage.map(({ file }) => file)).toEqual([first[0]!.name, first[1]!.name])
})

test('A9: no file and no directory exists before the first write', async () => {
  const at = join(directory(), 'none')
  const folder = await folderAt(at)
  const { log, write } = logAt(folder)
  await expect(readBody(folder, { file: 'log-1-2-1-0', offset: 0, length: 1, crc: 0 })).rejects.toThrow()
  await log.flush()
  expect(existsSync(at)).toBe(false)
  await write('x')
  await log.close()
  expect(logNames(at)).toHaveLength(1)
})

describe('A10: records that arrive during a write are the next group', () => {
  /** A log whose writes the test ends. */
  function blocked() {
    const groups: { time: number; bytes: string; end: (error?: Error) => void }[] = []
    const commits = new GroupCommit({
      commit: (time, pieces) =>
        new Promise((resolve, reject) => {
          const end = (error?: Error) => (error ? reject(error) : resolve({ file: 'f', offset: 0 }))
          groups.push({ time, bytes: Buffer.concat(pieces).toString('latin1'), end })
        }),
      failed: (cause) => new Error('the log failed', { cause }),
    })
    const write = (time: number) => commits.write({ time, head: {}, body: bodyOf(`<${time}>`) })
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    return { commits, groups, write, turn }
  }

  test('with the latest time of its records, and in the order of the calls', async () => {
    const { groups, write, turn } = blocked()
    const first = write(3)
    await turn()
    const others = [5, 8, 12, 10].map(write)
    await turn()
    expect(groups).toHaveLength(1)
    groups[0]!.end()
    await first.done
    expect(others.map(({ state }) => state)).toEqual(Array(4).fill('waiting'))
    await turn()
    expect(groups).toHaveLength(2)
    expect(groups[1]!.time).toBe(12)
    expect(groups[1]!.bytes.match(/<\d+>/g)).toEqual(['<5>', '<8>', '<12>', '<10>'])
    groups[1]!.end()
    const positions = await Promise.all(others.map(({ done }) => done))
    const read = positions.map(({ offset, length }) => groups[1]!.bytes.slice(offset, offset + length))
    expect(read).toEqual(['<5>', '<8>', '<12>', '<10>'])
  })

  test('a failed write is raised to every caller of the group, and to those that wait behind it, with its cause', async () => {
    const { groups, write, turn } = blocked()
    const writes = [write(1), write(2)]
    await turn()
    writes.push(write(3))
    const cause = new Error('no space')
    groups[0]!.end(cause)
    for (const { done } of writes) await expect(done).rejects.toMatchObject({ message: 'the log failed', cause })
    expect(writes.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed'])
    const next = write(4)
    await turn()
    groups[1]!.end()
    await expect(next.done).resolves.toMatchObject({ file: 'f' })
  })

  test('a write after close is a StateError, and the waiting ones fail', async () => {
    const { commits, groups, write, turn } = blocked()
    const first = write(1)
    await turn()
    const second = write(2)
    const closed = commits.close()
    expect(() => write(3)).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_STATE' }))
    await expect(second.done).rejects.toMatchObject({ code: 'ERR_MILLRACE_STATE' })
    groups[0]!.end()
    await first.done
    await closed
  })
})

test('a write of an owner that was replaced meanwhile fails, though its bytes are there', async () => {
  const at = directory()
  const lost = new Error('taken over')
  const { log, write } = logAt(await folderAt(at), {}, { owner: { check: () => Promise.reject(lost) } })
  await expect(write('x')).rejects.toMatchObject({ cause: lost })
  await log.close()
  expect((await contentOf(await folderAt(at))).texts).toEqual(['x'])
})

test('after a failed write the next one begins a file, so that a torn record hides nothing', async () => {
  const at = directory()
  const folder = await folderAt(at)
  const { log, write } = logAt(folder)
  await write('1')
  const [file] = logNames(at)
  const { append } = folder
  // The disk takes a part of a record only.
  folder.append = async (name) => {
    const output = (await append.call(folder, name))!
    const half = async (pieces: readonly Uint8Array[]) => {
      await output.append([pieces[0]!.subarray(0, 5)])
      throw new Error('no space')
    }
    return { append: half, sync: () => output.sync(), close: () => output.close() }
  }
  const later = logAt(folder, {}, { term: 2 })
  await expect(later.write('2')).rejects.toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
  folder.append = append
  await later.write('3')
  await Promise.all([log.close(), later.log.close()])
  expect(logNames(at).sort()).toEqual([file, 'log-1000-61000-2-0', 'log-1000-61000-2-1'])
  expect((await contentOf(await folderAt(at))).texts).toEqual(['1', '3'])
})

test('where files cannot grow, each group is a whole file', async () => {
  const memory = memoryFiles()
  const systems = new FileSystems({ memory: memory.system }, async () => memoryFileSystem)
  const folder = await CheckpointFolder.open(systems, 'memory://m/log')
  const { log, write } = logAt(folder)
  await Promise.all(['1', '2', '3'].map(write))
  await write('4')
  await log.close()
  expect(await logFiles(folder)).toHaveLength(2)
  expect(await contentOf(folder)).toEqual({ texts: numbers(4), damage: [] })
  await systems.close()
  memory.close()
})
