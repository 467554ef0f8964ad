import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type ContextOptions } from 'millrace'
import { afterEach } from 'vitest'

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const run of cleanup.splice(0).reverse()) await run()
})

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-formats-'))
  cleanup.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name)
  writeFileSync(path, content)
  return path
}

export function context(options: ContextOptions = {}): Context {
  const ctx = new Context({ threads: 1, spare: false, maxFailures: 1, ...options })
  cleanup.push(() => ctx.stop())
  return ctx
}

/** The parts of a directory, in order. */
export function parts(path: string): { readonly name: string; readonly bytes: Buffer }[] {
  return readdirSync(path)
    .filter((name) => name.startsWith('part-'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(path, name)) }))
}
