import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const IMPORT = /^(?:import|\}).*? (?:from )?"([^"]+)";$/gm

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
    const files = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
    const names = files.flatMap((file) => {
      return Array.from(readFileSync(`dist/${file}`, 'utf8').matchAll(IMPORT), ([, name]) => name!)
    })
    expect(names).toContain('node:fs')
    expect(names.filter((name) => !name.startsWith('.') && !name.startsWith('node:'))).toEqual([])
  })
})
