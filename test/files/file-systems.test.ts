import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryFiles } from 'millrace/testing'
import { afterAll, describe } from 'vitest'
import { FileSystems } from '#build/files/file-systems.js'
import { memoryFileSystem } from '#build/files/memory.js'
import { fileSystemContract } from './contract.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-file-systems-'))
const memory = memoryFiles()
const systems = new FileSystems({ memory: memory.system }, async () => memoryFileSystem)
afterAll(async () => {
  await systems.close()
  memory.close()
  rmSync(folder, { recursive: true, force: true })
})

let tests = 0
const open = (base: string) => async () => {
  const root = `${base}/${tests++}`
  return { system: await systems.of(root), root }
}

describe('local files', () => fileSystemContract(open(folder)))
describe('files in memory', () => fileSystemContract(open('memory://m')))
