import { describe, expect, test } from 'vitest'
import { capture } from '#build/ops/functions/capture.js'
import { sum } from '#build/ops/functions/common.js'
import { withEnv } from '#build/ops/functions/env.js'
import type { AnyFunction } from '#build/ops/functions/ref.js'
import { FunctionTable } from '#build/ops/functions/table.js'

const made = (text: string) => new Function(`return (${text})`)() as AnyFunction

describe('a function that is written out is the library function with the same meaning', () => {
  test.each([
    ['(w) => [w, 1]', 'pairWithOne'],
    ['word=>[word,1]', 'pairWithOne'],
    ['function (x) { return [x, 1]; }', 'pairWithOne'],
    ['(w) => { return [w, 1] }', 'pairWithOne'],
    ['(a, b) => a + b', 'sum'],
    ['(left,right)=>left+right', 'sum'],
  ])('%s', (text, name) => {
    expect(capture(made(text), 'map')).toEqual({ k: 'builtin', name })
    expect(new FunctionTable().record(made(text), 'map')).toEqual({ k: 'builtin', name })
  })
})

describe('another function stays itself', () => {
  test.each([
    '(w) => [w, 2]',
    '(w) => [1, w]',
    '(w) => [w, 1, 1]',
    '(a, b) => b + a',
    '(a, b) => a - b',
    '([w]) => [w, 1]',
  ])('%s', (text) => {
    expect(capture(made(text), 'map')).toMatchObject({ k: 'source' })
    expect(new FunctionTable().record(made(text), 'map')).toMatchObject({ k: 'table', i: 0 })
  })

  test('one with an environment', () => {
    expect(
      capture(
        withEnv({ z: 1 }, (w: unknown) => [w, 1]),
        'map',
      ),
    ).toMatchObject({ k: 'source' })
    expect(capture(sum, 'reduce')).toEqual({ k: 'builtin', name: 'sum' })
  })
})
