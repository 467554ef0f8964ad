import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const IMPORT = /^(?:import|\}).*? (?:from )?"([^"]+)";$/gm

/** The modules that these files of dist import when they load, and those that their imports do. */
function importsOf(files: readonly string[]): string[] {
  const seen = new Set(files)
  const names: string[] = []
  for (const file of seen) {
    for (const [, name] of readFileSync(`dist/${file}`, 'utf8').matchAll(IMPORT)) {
      if (name!.startsWith('.')) seen.add(path.posix.join(path.posix.dirname(file), name!))
      else names.push(name!)
    }
  }
  return names
}

describe('the library starts with', () => {
  test('built-in modules that each start needs, and no others', () => {
    const script = "await import('millrace'); console.log(JSON.stringify(process.moduleLoadList))"
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    const loaded: string[] = JSON.parse(output)
    expect(loaded).toContain('NativeModule worker_threads')
    for (const seldom of ['http', 'https', 'crypto', 'child_process']) {
      expect(loaded).not.toContain(`NativeModule ${seldom}`)
    }
  })

  test('no package: each is loaded by what first needs it, in the driver and in threads', () => {
    const names = importsOf(['index.js', 'pool/worker/entry.js', 'engine/driver-thread/entry.js'])
    expect(names).toContain('node:fs')
    expect(names.filter((name) => !name.startsWith('node:'))).toEqual([])
  })
})
