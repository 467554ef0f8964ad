import { expect, test } from 'vitest'
import { staysInside } from '#build/engine/repeatable.js'

const source = (text: string, env = {}) => ({ op: 'map', fn: { k: 'source', text, env } })
const never = () => {
  throw new Error('Nothing to look up.')
}

test.each([
  ['sums', source('(a, b) => a + b'), true],
  ['names that only begin alike', source('(x) => consoles(x) + prefetch.of(x)'), true],
  ['random numbers, and the time', source('() => Math.random() + Date.now()'), true],
  ['values that look like it', { op: 'map', fn: { k: 'builtin', name: 'split', args: [{ value: 'console' }] } }, true],
  ['printing', source('(x) => { console.log(x); return x }'), false],
  ['writing to a standard stream', source('(x) => process.stdout.write(x)'), false],
  ['requests', source('(x) => fetch(x)'), false],
  ['modules', source("async (x) => (await import('node:fs')).writeFileSync(x)"), false],
  ['timers', source('(x) => setTimeout(() => x)'), false],
  ['in a function given to it', source('(x) => f(x)', { f: { fn: source('console.error').fn } }), false],
  ['a function of the language that prints', { op: 'map', fn: { k: 'global', path: 'console.log' } }, false],
  ['one that does not', { op: 'map', fn: { k: 'global', path: 'Math.floor' } }, true],
  ['commands', { op: 'mapPartitions', fn: { k: 'builtin', name: 'pipeThrough', args: [] } }, false],
])('%s', (_, step, inside) => {
  expect(staysInside({ plan: { op: 'chain', steps: [step] } }, never)).toBe(inside)
})

test('functions of a pipeline module are looked up', () => {
  const table = [(x: number) => x + 1, (x: number) => console.log(x)]
  const step = (i: number) => ({ op: 'map', fn: { k: 'table', i } })
  const inside = (i: number) => staysInside(step(i), (ref) => table[(ref as { i: number }).i]!)
  expect([inside(0), inside(1)]).toEqual([true, false])
})
