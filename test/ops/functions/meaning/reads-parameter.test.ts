import { expect, test } from 'vitest'
import { readsParameter } from '#build/ops/functions/meaning/reads-parameter.js'

const texts = (list: readonly string[]) => list.map((text) => [text, new Function(`return (${text})`)()] as const)

test.each(
  texts([
    '(_key, value, state) => state.update(value)',
    '(key, value) => { const other = (x) => x + value; return other(1) }',
    '() => 1',
    'async (key, value) => value',
  ]),
)('%s does not read its first parameter', (_, fn) => {
  expect(readsParameter(fn as never, 0)).toBe(false)
})

test.each(
  texts([
    '(key) => key',
    '(key, value) => () => [value, key]',
    '(key, value) => ({ key, value })',
    '(key, value) => value.key',
    '(key, value = key) => value',
    '(key, value) => eval("ke" + "y")',
    '([key], value) => value',
    '({ length }, value) => value',
    '(key = log(), value) => value',
    '(...all) => all.length',
    'function (key, value) { return value }',
    'function (key, value) { return arguments[0] }',
    '({ f(key, value) { return value } }).f',
    'Math.max',
    '((key, value) => value).bind(null)',
  ]),
)('%s may read its first parameter', (_, fn) => {
  expect(readsParameter(fn as never, 0)).toBe(true)
})

test('the index counts', () => {
  const fn = (time: number, _key: string, value: number) => time + value
  expect([0, 1, 2, 3].map((index) => readsParameter(fn as never, index))).toEqual([true, false, true, false])
})
