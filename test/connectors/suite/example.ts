import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { expect } from 'vitest'

/** A program of a connector's page, running in a folder of its own. */
export interface RunningProgram {
  readonly folder: string
  /** What it has printed so far. */
  printed(): string
  /** Puts a file into a directory of the folder, where it appears as a whole. */
  put(directory: string, text: string): void
}

export interface ProgramOptions {
  /** Texts of the program, and what the test has instead. */
  readonly replace?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Runs before the program starts. */
  prepare?(folder: string): unknown
}

/** Runs a program until `check` is done, which may feed it. Rejects if it fails before. */
export type RunProgram = (
  options: ProgramOptions,
  check: (program: RunningProgram) => Promise<unknown>,
) => Promise<void>

/** How long a program may take, on a machine that is busy. */
const PATIENCE_MS = 500_000

/** The ts blocks of a page of docs/connectors. */
export function blocksOf(page: string): string[] {
  const text = readFileSync(new URL(`../../../docs/connectors/${page}`, import.meta.url), 'utf8')
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!)
}

/** Returns what runs a block of a page in a process of its own, with short batches. */
export function programOf(page: string, block: number): RunProgram {
  return async ({ replace = {}, env = {}, prepare }, check) => {
    const all = { ...replace, "batchInterval: '1s'": "batchInterval: '200ms'" }
    const source = Object.entries(all).reduce((code, [from, to]) => code.replaceAll(from, to), blocksOf(page)[block]!)
    const { code } = await transform(source, { loader: 'ts', target: 'node20' })
    const folder = mkdtempSync(join(tmpdir(), 'millrace-example-'))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(fileURLToPath(new URL('../../..', import.meta.url)), join(folder, 'node_modules', 'millrace'))
    writeFileSync(join(folder, 'example.mjs'), code)
    await prepare?.(folder)
    const child = spawn(process.execPath, ['example.mjs'], { cwd: folder, env: { ...process.env, ...env } })
    let [printed, errors, files] = ['', '', 0]
    child.stdout.on('data', (text: Buffer) => {
      printed += text
    })
    child.stderr.on('data', (text: Buffer) => {
      errors += text
    })
    const exited = once(child, 'close')
    const failed = exited.then(([status]) => {
      if (status !== 0) throw new Error(`The program ended with ${status}: ${errors}`)
      // A program that comes to its end leaves what it has done.
      return new Promise<never>(() => {})
    })
    const put = (directory: string, text: string) => {
      const path = join(folder, `written-${++files}`)
      writeFileSync(path, text)
      renameSync(path, join(folder, directory, `${files}.txt`))
    }
    try {
      await Promise.race([check({ folder, printed: () => printed, put }), failed])
    } finally {
      failed.catch(() => undefined)
      child.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** Repeats a step until its result is as expected: a program reads what comes after its start. */
export async function untilMatches(step: () => unknown, expected: RegExp): Promise<void> {
  const poll = () => Promise.resolve(step()).then(String)
  await expect.poll(poll, { timeout: PATIENCE_MS, interval: 300 }).toMatch(expected)
}
