import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cacheFolder } from '../compare/files.mjs'

const run = promisify(execFile)
const BUILD_LIMIT_MS = 15 * 60_000
const OUTPUT_LIMIT = 64 * 2 ** 20

/** The directory of the peers' sources. */
export const peersFolder = fileURLToPath(new URL('.', import.meta.url))

/** A peer that is not available on this machine, with the reason. */
export class Unavailable extends Error {}

/**
 * Builds into a folder of the cache, once per state of the sources, and returns the folder. `sources` are files or
 * folders below bench/peers and words that name versions; `make(folder)` builds.
 */
export async function built(name, sources, make) {
  const folder = join(cacheFolder(), 'peers', `${name}-${hashOf(sources)}`)
  const stamp = join(folder, '.built')
  if (existsSync(stamp)) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await make(folder)
  // By rename, and last: an interrupted build starts again.
  writeFileSync(`${stamp}.tmp`, `${new Date().toISOString()}\n`)
  renameSync(`${stamp}.tmp`, stamp)
  return folder
}

/** Runs a tool of a build; a tool that is missing or fails makes the peer unavailable. */
export async function tool(command, args, options = {}) {
  try {
    const { stdout } = await run(command, args, { timeout: BUILD_LIMIT_MS, maxBuffer: OUTPUT_LIMIT, ...options })
    return stdout
  } catch (error) {
    if (error.code === 'ENOENT') throw new Unavailable(`${command} is not installed`)
    const said = `${error.stderr ?? ''}\n${error.stdout ?? ''}`.trim().split('\n')
    const line = said.find((text) => /error/i.test(text)) ?? said.at(-1)
    throw new Unavailable(`${command} ${args[0]} failed: ${(line || error.message).trim().slice(0, 300)}`)
  }
}

function hashOf(sources) {
  const hash = createHash('sha256')
  for (const source of sources) {
    const path = join(peersFolder, source)
    if (!existsSync(path)) hash.update(source)
    else for (const file of filesBelow(path)) hash.update(relative(peersFolder, file)).update(readFileSync(file))
  }
  return hash.digest('hex').slice(0, 12)
}

function filesBelow(path) {
  if (statSync(path).isFile()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
}
