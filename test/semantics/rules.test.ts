import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { RULES } from './rules.js'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const LAST = { L: 31, V: 5, T: 7, R: 5, M: 10, C: 12, F: 3, E: 15, K: 6, A: 11, S: 9, N: 8, U: 9, X: 1, O: 4 }

/** docs/internals/model.md has the rules on life, validation, time, memory and state. */
function inModel(): string[] {
  const rows = readFileSync(at('docs/internals/model.md'), 'utf8').matchAll(/^\| ([LVTRM]\d+(?:, [LVTRM]\d+)*) \|/gm)
  return [...rows].flatMap(([, ids]) => ids!.split(', '))
}

test('every rule of the model is pinned by a test, or says why it has no meaning here', () => {
  const all = Object.entries(LAST).flatMap(([letter, n]) => Array.from({ length: n }, (_, i) => `${letter}${i + 1}`))
  expect([...inModel(), ...RULES.flatMap(({ ids }) => ids)].sort()).toEqual(all.sort())
})

test.each(RULES.map((rule) => [rule.ids.join(', '), rule] as const))('%s', (_, { shownBy, without }) => {
  if (shownBy.length === 0) expect(without).toMatch(/\w/)
  for (const { file, has } of shownBy) {
    expect(existsSync(at(file)), file).toBe(true)
    const text = readFileSync(at(file), 'utf8')
    for (const name of has) expect(text, file).toContain(name)
  }
})
