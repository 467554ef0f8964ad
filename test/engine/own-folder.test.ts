import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, StorageLevel } from 'millrace'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-folder-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Persists numbers on disk, then dies, or ends without stop(). */
const PROGRAM = `
  import { Context, StorageLevel } from 'millrace'
  const [folder, end] = process.argv.slice(1)
  const ctx = new Context({ threads: 1, spillDirectory: folder })
  const written = new Promise((resolve) => ctx.on('blockSpilled', resolve))
  await ctx.range(1000).persist(StorageLevel.DISK_ONLY).count()
  await written
  if (end === 'kill') process.kill(process.pid, 'SIGKILL')
  process.exit(0)
`

function runProgram(end: 'kill' | 'exit') {
  return spawnSync(process.execPath, ['--input-type=module', '--eval', PROGRAM, folder, end], { encoding: 'utf8' })
}

async function persisting(look: () => void): Promise<void> {
  const ctx = new Context({ threads: 1, spillDirectory: folder })
  const written = new Promise((resolve) => ctx.on('blockSpilled', resolve))
  await ctx.range(1000).persist(StorageLevel.DISK_ONLY).count()
  await written
  look()
  await ctx.stop()
}

test('the folder of a killed process is removed by the next that persists on disk, and others stay', async () => {
  expect(runProgram('kill').signal).toBe('SIGKILL')
  const [abandoned] = readdirSync(folder)
  expect(abandoned).toMatch(/^millrace-blocks-/)
  expect(readdirSync(join(folder, abandoned!))).toEqual(['block-1'])
  let mine: string | undefined
  await persisting(() => {
    mine = readdirSync(folder).find((name) => name !== abandoned)
  })
  expect(readdirSync(folder)).toEqual([])
  // The first still has a process, and the second is that of another machine.
  const others = [mine!, abandoned!.replace('millrace-blocks-', 'millrace-blocks-x'), 'millrace-other'].sort()
  for (const name of others) mkdirSync(join(folder, name))
  await persisting(() => {})
  expect(readdirSync(folder).sort()).toEqual(others)
})

test('a process that limits the memory of state removes the folders of both kinds', async () => {
  runProgram('kill')
  const [blocks] = readdirSync(folder)
  mkdirSync(join(folder, blocks!.replace('millrace-blocks-', 'millrace-state-')))
  await new Context({ threads: 1, spillDirectory: folder, stateMemory: 2 ** 20 }).stop()
  expect(readdirSync(folder)).toEqual([])
})

test('a process that exits without stop() removes its own folder', () => {
  const { status, stderr } = runProgram('exit')
  expect([status, stderr]).toEqual([0, ''])
  expect(readdirSync(folder)).toEqual([])
})
