import type { AnyFunction } from 'millrace'
import { expect, test } from 'vitest'
import { capture } from '#build/ops/functions/capture.js'
import { keepsArguments, makesNoSymbols } from '#build/ops/functions/meaning/keeps-arguments.js'

test.each<[AnyFunction, boolean, boolean]>([
  [(event: { id: number }) => [event.id, event], true, true],
  [(event: object) => ({ ...event, more: 1 }), true, true],
  [(line: string) => JSON.parse(line), true, true],
  [JSON.parse, true, true],
  // A function of the language may be one that makes symbols.
  [Symbol, true, false],
  [() => ({ [Symbol.iterator]: 1 }), false, false],
  [(event: object) => Object.assign(event, { more: 1 }), false, false],
  [
    (event: { id: number }) => {
      event.id++
      return event
    },
    false,
    false,
  ],
])('%s: keeps its arguments: %s; makes no symbols: %s', (fn, keeps, noSymbols) => {
  const ref = capture(fn, 'map')
  expect([keepsArguments(ref), makesNoSymbols(ref)]).toEqual([keeps, noSymbols])
})
