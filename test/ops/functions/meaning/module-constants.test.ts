import { readFileSync } from 'node:fs'
import { constants, Script } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { AnyFunction } from '#build/ops/functions/ref.js'
import { neverAssigned } from '#build/ops/functions/syntax/assigned-names.js'
import { FunctionTable } from '#build/ops/functions/table.js'

type Cases = Record<string, [AnyFunction, string?]>
/** Node itself loads the module: the test runner would write another text. */
const path = new URL('../fixtures/module-constants.mjs', import.meta.url)
const load = new Script('(url) => import(url)', { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
const { cases, numbers }: { cases: Cases; numbers: AnyFunction } = await load.runInThisContext()(path.href)

describe('a function of a module that uses', () => {
  test.each(Object.entries(cases))('%s', (_, [fn, text]) => {
    const ref = new FunctionTable().record(fn, 'filter')
    if (text === undefined) expect(ref).not.toHaveProperty('means')
    else expect(ref).toMatchObject({ means: { is: 'includes', text } })
  })

  test('a number', () => {
    expect(new FunctionTable().record(numbers, 'filter')).toMatchObject({ means: { of: [{}, { value: 3 }] } })
  })
})

test.each([
  ['eval may assign any variable', 'const a = 1; export const run = (text) => eval(text)'],
  ['arguments may assign parameters', 'export function f(a) { arguments[0] = 2; return () => a }'],
  ['a text that is no module', 'const a = 1; with (a) { }'],
  ['a long file', `const a = 1 // ${'x'.repeat(300_000)}`],
])('no variable is a constant: %s', (_, text) => {
  expect([...neverAssigned(text)]).toEqual([])
})

test('names of a file that it never assigns', () => {
  const names = neverAssigned(readFileSync(path, 'utf8'))
  for (const name of ['word', 'limit', 'never', 'once', 'term']) expect(names).toContain(name)
  for (const name of [
    'later',
    'counted',
    'exported',
    'twice',
    'inLoop',
    'again',
    'reason',
    'imported',
    'change',
    'inner',
  ])
    expect(names).not.toContain(name)
})
