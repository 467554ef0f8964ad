import { expect, test } from 'vitest'
import { describeError } from '#build/cli/describe-error.js'
import { MillraceError, TaskFailedError } from '#build/errors.js'

function withStack<E extends Error>(error: E, ...frames: string[]): E {
  error.stack = [`${error.name}: ${error.message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n')
  return error
}

test('an error of the library: message, facts in columns, causes, frames of the innermost', () => {
  const innermost = withStack(new RangeError('too far'), 'reach (file:///app/words.js:3:1)', 'node:internal:1:1')
  const middle = new Error('cannot reach', { cause: innermost })
  const details = { batchTime: 1000, operation: 'map', partition: 1, missing: undefined, list: [1] }
  expect(describeError(new TaskFailedError('map failed', { cause: middle, details })).split('\n')).toEqual([
    'millrace: map failed',
    '  code       ERR_MILLRACE_TASK_FAILED',
    '  batch      1000 (1970-01-01T00:00:01.000Z)',
    '  operation  map',
    '  partition  1',
    '  caused by Error: cannot reach',
    '  caused by RangeError: too far',
    '    at reach (file:///app/words.js:3:1)',
    '    at node:internal:1:1',
  ])
})

test("the library's own frames are left out where there are others", () => {
  const own = new URL('../../build/pool/worker/operators/loop.js:5:1', import.meta.url).href
  const mixed = withStack(new Error('no'), `loop (${own})`, 'mine (file:///app/words.js:3:1)')
  expect(describeError(mixed).split('\n')).toEqual(['millrace: Error: no', '  at mine (file:///app/words.js:3:1)'])
  expect(describeError(withStack(new Error('no'), `loop (${own})`)).split('\n')).toContain(`  at loop (${own})`)
})

test('codes of other errors, errors without a text, and what is no error at all', () => {
  const refused = withStack(Object.assign(new Error(''), { code: 'ECONNREFUSED' }))
  expect(describeError(refused)).toBe('millrace: Error: (no message)\n  code  ECONNREFUSED')
  const several = withStack(new AggregateError([new Error('one'), new TypeError('two')]))
  expect(describeError(several)).toBe('millrace: AggregateError: Error: one; TypeError: two')
  expect(describeError('text')).toBe('millrace: thrown value: text')
})

test('errors that cause each other are each told once', () => {
  const first = new MillraceError('ERR_MILLRACE_STATE', 'first')
  const second = new MillraceError('ERR_MILLRACE_STATE', 'second', { cause: first })
  Object.defineProperty(first, 'cause', { value: second })
  expect(describeError(first).match(/first|second/g)).toEqual(['first', 'second'])
})
