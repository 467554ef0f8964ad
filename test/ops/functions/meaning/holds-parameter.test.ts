import { expect, test } from 'vitest'
import { holdsParameter } from '#build/ops/functions/meaning/holds-parameter.js'

const METHODS = new Set(['get', 'update'])
const holds = (text: string) => holdsParameter(new Function(`return ${text}`)(), 2, METHODS)

test.each([
  '(k, v, s) => { s.update(s.get() + v); return s.get() }',
  '(k, v, s) => { const n = s?.get(); if (v > n) s.update({ n, items: [v] }); return `${n}` }',
  'function (k, v, s) { return s.get() }',
  '(k, v) => v',
  '(k, v, s) => [1, 2].map((x) => x + v)',
])('a function that only calls methods does not keep its parameter: %s', (text) => {
  expect(holds(text)).toBe(false)
})

test.each([
  '(k, v, s) => s',
  '(k, v, s) => [s]',
  '(k, v, s) => { const t = s; return t.get() }',
  '(k, v, s) => { globalThis.kept = s; return 1 }',
  '(k, v, s) => s.get',
  '(k, v, s) => s.update(s)',
  '(k, v, s) => s["get"]()',
  '(k, v, s) => s.other()',
  '(k, v, s) => s.get.call(s)',
  '(k, v, s) => () => s.get()',
  '(k, v, s) => [1].map(() => s.get())',
  '(k, v, s) => { setTimeout(() => s.update(1)); return 1 }',
  '(k, v, ...s) => s[0].get()',
  '(k, v, { get }) => get()',
  '(k, v = eval, s) => s.get()',
  'function (k, v, s) { return arguments[2].get() }',
  'function (k, v) { return arguments }',
  '(k, v, s) => eval("s")',
  'async (k, v, s) => s.get()',
  'function* (k, v, s) { yield s.get() }',
  'Math.max',
])('a function may keep its parameter: %s', (text) => {
  expect(holds(text)).toBe(true)
})
