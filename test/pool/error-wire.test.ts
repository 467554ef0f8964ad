import { expect, test } from 'vitest'
import { decodeError, encodeError } from '#build/pool/error-wire.js'
import { ERRORS } from '#build/values/kinds.js'

test.each(ERRORS.map((native) => [native.name, native] as const))('%s stays what it is', (name, native) => {
  const cause = new TypeError('cause')
  const error =
    native === AggregateError
      ? new AggregateError([new RangeError('one')], 'many', { cause })
      : new (native as ErrorConstructor)('many', { cause })
  Object.assign(error, { code: 'E_CODE', more: { list: [1, 2] } })
  const again = decodeError(structuredClone(encodeError(error)))
  expect(again).toBeInstanceOf(native)
  expect(again.constructor).toBe(native)
  expect(again).toMatchObject({ name, message: 'many', stack: error.stack, code: 'E_CODE', more: { list: [1, 2] } })
  expect(again.cause).toBeInstanceOf(TypeError)
  expect(Object.keys(again).sort()).toEqual(['code', 'more'])
  if (again instanceof AggregateError) {
    expect(again.errors).toHaveLength(1)
    expect(again.errors[0]).toBeInstanceOf(RangeError)
  }
})
