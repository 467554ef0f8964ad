import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findings } from '../../scripts/check-words.mjs'
import { proseOf } from '../../scripts/lib/prose.mjs'
import { ALLOWED, PENDING, RULES } from '../../scripts/words.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const options = { rules: RULES, allowed: [] }

/** One sentence that each rule finds, and one with the same letters that it leaves. In the order of the rules. */
const EXAMPLES: readonly [bad: string, good: string][] = [
  ['The thread is told of its tasks.', 'The answers of dead threads are told apart by their epoch.'],
  ['The attempt was given up.', 'The given key.'],
  ['The loop gives the records.', 'Options that were set.'],
  ['The task is given its inputs.', 'Given a key, returns its value.'],
  ['Hands the records over to the reader.', 'A hand-written loop.'],
  ['limit is 0; give a number above 0.', 'limit is 0; it must be above 0.'],
  ['Functions travel as text.', 'Functions are shipped as text.'],
  ['The plan is made anew.', 'A new plan.'],
  ['The spare takes up the slot.', 'A batch takes 5 ms.'],
  ['Let the block go.', 'A partition that goes to a file.'],
  ['Nobody reads it.', 'No reader has it.'],
  ['No sign of life for 2 s.', 'No heartbeat for 2 s.'],
  ['The books of the driver.', 'The booking.'],
  ['Threads hear the news.', 'A newspaper.'],
  ['The spare rehearses the plan.', 'The spare warms up.'],
  ['A newcomer gets one task.', 'A cold thread gets one task.'],
  ['A kept partition is read.', 'A persisted partition is read.'],
  ['The heir of a slot.', 'Their slots.'],
  ['What is read is decoded.', 'What is a stream?'],
  ['The reader of that which was lost.', 'The reader that lost it.'],
]

test('each rule has an example that it finds, and one that it leaves', () => {
  expect(EXAMPLES).toHaveLength(RULES.length)
  EXAMPLES.forEach(([bad, good], i) => {
    const rules = [RULES[i]!]
    expect(findings('a.md', bad, { rules, allowed: [] }), bad).toEqual([expect.stringContaining(RULES[i]!.write)])
    expect(findings('a.md', good, options), good).toEqual([])
  })
})

describe('the prose of code', () => {
  const kept = (source: string) => proseOf('a.ts', source).replaceAll(/\s+/g, ' ').trim()

  test('is its comments and its strings with a space', () => {
    expect(kept("const told = 'told' // told\n/** Told. */\nthrow new Error('was told')")).toBe(
      "// told /** Told. */ 'was told'",
    )
  })

  test('includes the texts of templates, without their expressions and their inner templates', () => {
    expect(kept('const a = `one ${told({ b: `two ${told}` })} three ${told} `')).toBe('one ${ two ${ } three ${ }')
  })

  test('excludes quoted code', () => {
    expect(kept('// Calls `told()` twice.')).toBe('// Calls twice.')
  })

  test('a quote in a regular expression begins no string, a slash that divides begins no expression', () => {
    expect(kept('const a = /[\'"`]/.test(told) // one\nconst b = (told / 2) / told // two')).toBe('// one // two')
  })

  test('a comment in a string is part of the string', () => {
    expect(kept("const a = 'see https://told.example // here'\ntold()")).toBe("'see https://told.example // here'")
  })

  test('a page is checked outside of its fences', () => {
    expect(proseOf('a.md', 'one\n```ts\ntold\n```\ntwo').trim().split(/\s+/)).toEqual(['one', 'two'])
  })

  test('every file of src can be read to its end', () => {
    const files = execFileSync('git', ['ls-files', 'src'], { cwd: ROOT, encoding: 'utf8' }).split('\n')
    for (const path of files.filter((file) => file.endsWith('.ts') && existsSync(`${ROOT}${file}`))) {
      const source = readFileSync(`${ROOT}${path}`, 'utf8')
      const prose = proseOf(path, source)
      expect(prose.length, path).toBe(source.length)
      // Code that is taken for prose shows as an import or a declaration at the beginning of a line.
      expect(prose.match(/^(?:import|export) .*/m)?.[0], path).toBeUndefined()
    }
  })
})

test('a finding names the file, the line, the words and the better words', () => {
  expect(findings('src/a.ts', '\n// The driver is told.\n', options)).toEqual([`src/a.ts:2 "told": ${RULES[0]!.write}`])
})

test('an allowed line is left, and says why it is allowed', () => {
  const allowed = [{ line: 'The driver is told', reason: 'an example' }]
  expect(findings('src/a.ts', '// The driver is told.', { rules: RULES, allowed })).toEqual([])
  for (const { reason } of ALLOWED) expect(reason).not.toBe('')
})

test('no pending path and no allowed line is out of date', () => {
  for (const path of PENDING) expect(existsSync(`${ROOT}${path}`), path).toBe(true)
  for (const { line } of ALLOWED) {
    const found = execFileSync('git', ['grep', '-lF', line, '--', ':!scripts/words.mjs'], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    expect(found, line).not.toBe('')
  }
})

test('the project passes', () => {
  execFileSync(process.execPath, [`${ROOT}scripts/check-words.mjs`], { cwd: ROOT, stdio: 'pipe' })
})

test('the command lists findings of a path and ends with code 1', () => {
  const run = () =>
    execFileSync(process.execPath, [`${ROOT}scripts/check-words.mjs`, 'scripts/words.mjs'], { cwd: ROOT })
  expect(run).not.toThrow()
  const help = execFileSync(process.execPath, [`${ROOT}scripts/check-words.mjs`, '--help'], { cwd: ROOT })
  expect(help.toString()).toContain('PENDING')
})
