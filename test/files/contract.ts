import type { FileSystem } from 'millrace'
import { expect, test } from 'vitest'

/** Bytes of a file, or of a part of it. */
export async function bytesOf(system: FileSystem, path: string, range?: { start?: number; end?: number }) {
  const pieces: Uint8Array[] = []
  for await (const piece of system.read(path, range)) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

export async function write(system: FileSystem, path: string, text: string, options?: { exclusive?: boolean }) {
  const output = await system.create(path, options)
  await output.write(Buffer.from(text))
  await output.close()
}

/** The promises of a FileSystem that all of them keep. `root`: a directory of the test's own. */
export function fileSystemContract(open: () => Promise<{ readonly system: FileSystem; readonly root: string }>): void {
  const names = async (system: FileSystem, path: string) =>
    (await system.list(path))?.map(({ name, kind }) => `${name} ${kind}`).sort()

  test('a file is written, found, read in parts and deleted', async () => {
    const { system, root } = await open()
    const path = `${root}/dir/a b%20#?ü.txt`
    await write(system, path, 'hello\nworld\n')
    const status = (await system.stat(path))!
    expect(status).toMatchObject({ kind: 'file', file: { size: 12 } })
    expect(Math.abs(status.file.mtimeMs - Date.now())).toBeLessThan(3_600_000)
    expect(await names(system, `${root}/dir`)).toEqual(['a b%20#?ü.txt file'])
    expect(await names(system, root)).toEqual(['dir directory'])
    expect((await system.stat(`${root}/dir`))!.kind).toBe('directory')
    expect(await bytesOf(system, path)).toBe('hello\nworld\n')
    expect(await bytesOf(system, path, { start: 4, end: 8 })).toBe('o\nwo')
    expect(await bytesOf(system, path, { start: 6 })).toBe('world\n')
    expect(await bytesOf(system, path, { start: 3, end: 3 })).toBe('')
    await system.delete(path)
    await system.delete(path)
    expect(await system.stat(path)).toBeUndefined()
  })

  test('a file that grows can be read after each sync, and has a path of its own, where files can grow', async () => {
    const { system, root } = await open()
    const path = `${root}/new/log`
    const output = await system.append?.(path)
    if (!output) return expect(system.append).toBeUndefined()
    const shared = Buffer.from(new SharedArrayBuffer(3))
    shared.write('ab\n')
    await output.append([shared, Buffer.from(''), Buffer.from('c')])
    await output.sync()
    expect(await bytesOf(system, path)).toBe('ab\nc')
    await expect(system.append!(path)).rejects.toMatchObject({ reason: 'exists' })
    // More pieces than one system call takes.
    await output.append(Array.from({ length: 3000 }, () => Buffer.from('d')))
    await output.sync()
    await output.close()
    expect(await bytesOf(system, path, { start: 3 })).toBe(`c${'d'.repeat(3000)}`)
  })

  test('nothing is there', async () => {
    const { system, root } = await open()
    expect(await system.stat(`${root}/none`)).toBeUndefined()
    expect(await system.list(`${root}/none`)).toBeUndefined()
    await expect(bytesOf(system, `${root}/none`)).rejects.toMatchObject({
      code: 'ERR_MILLRACE_FILE_SYSTEM',
      reason: 'missing',
    })
  })

  test('an empty file, and a file in place of another, whose identity differs', async () => {
    const { system, root } = await open()
    await write(system, `${root}/f`, '')
    expect(await bytesOf(system, `${root}/f`)).toBe('')
    const before = (await system.stat(`${root}/f`))!.file
    await write(system, `${root}/f`, 'x')
    expect((await system.stat(`${root}/f`))!.file).not.toEqual(before)
    expect(await bytesOf(system, `${root}/f`)).toBe('x')
  })

  test('of several that create a file exclusively one wins', async () => {
    const { system, root } = await open()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => write(system, `${root}/one`, String(i), { exclusive: true })),
    )
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(lost.map(({ reason }) => reason.reason)).toEqual(Array.from({ length: 7 }, () => 'exists'))
    expect(await bytesOf(system, `${root}/one`)).toBe(String(winner))
  })

  test('without parents a file is not created in a directory that is not there', async () => {
    const { system, root } = await open()
    // Keys of objects need no directory.
    if (!system.rename) return
    const create = async () => {
      const output = await system.create(`${root}/none/file`, { parents: false })
      await output.close()
    }
    await expect(create()).rejects.toMatchObject({ reason: 'missing' })
    expect(await system.stat(`${root}/none`)).toBeUndefined()
  })

  test('an aborted file is gone', async () => {
    const { system, root } = await open()
    const output = await system.create(`${root}/aborted`)
    await output.write(Buffer.alloc(100_000))
    await output.abort()
    expect(await system.stat(`${root}/aborted`)).toBeUndefined()
  })

  test('a directory of more entries than a page, which is deleted as a whole', async () => {
    const { system, root } = await open()
    const all = Array.from({ length: 250 }, (_, i) => `part-${i}`)
    for (let at = 0; at < all.length; at += 50)
      await Promise.all(all.slice(at, at + 50).map((name) => write(system, `${root}/many/${name}`, '')))
    const listed = (await system.list(`${root}/many`))!
    expect(listed.map(({ name }) => name).sort()).toEqual([...all].sort())
    await system.delete(`${root}/many`)
    expect(await system.stat(`${root}/many`)).toBeUndefined()
  })

  test('renames are atomic where there are any, and replace files only if they are told to', async () => {
    const { system, root } = await open()
    if (!system.rename) return
    await write(system, `${root}/a`, 'a')
    await write(system, `${root}/b`, 'b')
    await expect(system.rename(`${root}/a`, `${root}/b`)).rejects.toMatchObject({ reason: 'exists' })
    await system.rename(`${root}/a`, `${root}/b`, { replace: true })
    expect(await bytesOf(system, `${root}/b`)).toBe('a')
    await expect(system.rename(`${root}/a`, `${root}/c`)).rejects.toMatchObject({ reason: 'missing' })
    await write(system, `${root}/d1/x`, 'x')
    await write(system, `${root}/d2/y`, 'y')
    await expect(system.rename(`${root}/d1`, `${root}/d2`)).rejects.toMatchObject({ reason: 'exists' })
    await system.rename(`${root}/d1`, `${root}/d3`)
    expect(await bytesOf(system, `${root}/d3/x`)).toBe('x')
    expect(await system.stat(`${root}/d1`)).toBeUndefined()
  })

  test('a staged file appears when it is published, once, and not after it is discarded', async () => {
    const { system, root } = await open()
    if (!system.stage) return
    const stage = async (name: string, text: string) => {
      const output = await system.stage!(`${root}/${name}`)
      await output.write(Buffer.from(text))
      return structuredClone(await output.close())
    }
    const [first, empty, left] = [await stage('a', 'one'), await stage('empty', ''), await stage('left', 'x')]
    expect(await system.list(root)).toBeUndefined()
    for (let time = 0; time < 2; time++) await system.publish!(first)
    await system.publish!(empty)
    expect(await names(system, root)).toEqual(['a file', 'empty file'])
    expect(await bytesOf(system, `${root}/a`)).toBe('one')
    await system.publish!(await stage('a', 'two'))
    expect(await bytesOf(system, `${root}/a`)).toBe('two')
    await system.discardStaged!(root)
    await expect(system.publish!(left)).rejects.toMatchObject({ reason: 'missing' })
    expect(await names(system, root)).toEqual(['a file', 'empty file'])
  })
}
